import type Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { AppError, type Fault, invalid } from '../../errors.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import type { Rule } from '../../rules.ts';
import { checkInput } from './input.ts';
import type { JobTypes } from './job-type.ts';
import type { RunOptions } from './start-run.ts';

/** What a client asks for by `POST /v1/jobs`. */
export interface Asked {
  type?: string;
  input?: object;
  project?: string;
  priority?: number;
  runAfter?: string;
  deadline?: string;
  after?: string[];
  uniqueKey?: string;
  onDuplicate?: 'JOIN' | 'SUPERSEDE';
}

/** How clients start a job that a document of its own waits for: both are stored, or neither. */
export interface Starter {
  /** What `input` is, beside the project. */
  body: Joi.ObjectSchema;
  rule: Rule;
  /** @param input with what the rule stamps on it @throws AppError whose faults are those of `input` */
  start(ctx: Ctx, input: object, how: RunOptions): Promise<JobDoc>;
  /** What is wrong with an input, of which the fields are right in themselves, though some may be missing. */
  findFaults(ctx: Ctx, input: object, how: Pick<RunOptions, 'after'>): Promise<Fault[]>;
  /** What it would cost. */
  estimate(ctx: Ctx, input: object): Promise<number>;
}

/** What clients may start: types that are `startable`, and those with a starter, by name. */
export interface Startable {
  types: JobTypes;
  starters: Readonly<Record<string, Starter>>;
}

/** @throws AppError VALIDATION_FAILED for what clients may not start */
export function findStartable({ types, starters }: Startable, name = '') {
  const type = types.get(name);
  if (type?.startable) return { type, startable: type.startable };
  const known = [...types.values()].filter((t) => t.startable).map((t) => t.name);
  const names = [...known, ...Object.keys(starters)].toSorted();
  const message = `clients may not start ${name}; they may start: ${names.join(', ')}`;
  throw invalid([{ path: 'type', message }]);
}

/** The input of a starter, with the project that may stand beside it, and what its rule stamps. */
export function readInput(ctx: Ctx, { body, rule }: Starter, { input, project }: Asked): object {
  const stamp = rule(ctx.actor);
  if (!stamp) throw new AppError('FORBIDDEN', 'You may not do this.');
  return { ...checkInput({ input: body }, { ...(project && { project }), ...input }), ...stamp };
}

/** Runs what names faults of the input by their own paths, and names them by those of the request. */
export async function withinInput<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isInvalid(error)) throw error;
    throw invalid(nameByRequest(error.errors ?? []));
  }
}

/** Names faults of an input by the paths of the request. */
export function nameByRequest(faults: Fault[]): Fault[] {
  const isOfRequest = (path: string) => /^(input|after)\b/.test(path);
  const rename = (path: string) => (isOfRequest(path) ? path : `input.${path}`);
  return faults.map((fault) => ({ ...fault, path: rename(fault.path) }));
}

export function isInvalid(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'VALIDATION_FAILED';
}
