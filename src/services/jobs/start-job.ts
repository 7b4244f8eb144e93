import type Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { checkReferences } from '../../data/references.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, invalid } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import type { Rule } from '../../rules.ts';
import { readPrices } from '../billing/prices.ts';
import { checkInput } from './input.ts';
import type { JobTypes } from './job-type.ts';
import { enqueue } from './queue.ts';
import { isPriced, priceJob } from './quote.ts';
import { ringJobs } from './ring.ts';
import type { RunOptions } from './start-run.ts';

/** What a client asks for by `POST /v1/jobs`. */
interface Asked {
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
  /** What it would cost. */
  estimate(ctx: Ctx, input: object): Promise<number>;
}

/** What clients may start: types that are `startable`, and those with a starter, by name. */
export interface Startable {
  types: JobTypes;
  starters: Readonly<Record<string, Starter>>;
}

/** How often a unique key is looked at again that another request has taken meanwhile. */
const TRIES = 5;

/**
 * Starts a job of a type that clients may start.
 * @throws AppError VALIDATION_FAILED, FORBIDDEN, INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED
 */
export async function startJob(ctx: Ctx, all: Startable, asked: Asked): Promise<JobDoc> {
  const starter = all.starters[asked.type ?? ''];
  if (starter) return startWithDocument(ctx, starter, asked);
  const { type, startable } = findStartable(all, asked.type);
  const stamp = startable.rule(ctx.actor);
  if (!stamp) throw new AppError('FORBIDDEN', 'You may not do this.');
  // This very request may have stored it before it was cut off.
  const stored = ctx.promisedId && (await findOne(ctx, Job, { _id: ctx.promisedId, ...stamp }));
  if (stored) return stored;
  const { priority, uniqueKey, onDuplicate } = asked;
  const times = readTimes(ctx, asked);
  const project = asked.project ? new UUID(asked.project) : undefined;
  if (project) await checkReferences(ctx, Job, { project });
  const input = checkInput({ input: startable.body }, asked.input ?? {});
  const by = onDuplicate === 'SUPERSEDE' ? 'supersedes' : 'joins';
  const wanted = {
    input,
    ...stamp,
    ...times,
    ...(project && { project }),
    ...(priority !== undefined && { priority }),
    ...(asked.after && { after: asked.after.map((id) => new UUID(id)) }),
    ...(uniqueKey !== undefined && { unique: { key: uniqueKey, by } as const }),
    isAsked: true,
  };
  // What has a price is committed together with others; of the rest its event is written with it.
  const start = () =>
    isPriced(ctx, type)
      ? enqueue(ctx, type, wanted)
      : transaction(ctx, (tx) => enqueue(tx, type, wanted));
  const job = await writeUnique(start);
  await ringJobs(ctx, job);
  return job;
}

/** Starts a job by way of the document that waits for it. */
async function startWithDocument(ctx: Ctx, starter: Starter, asked: Asked): Promise<JobDoc> {
  const { priority, after, uniqueKey } = asked;
  if (uniqueKey !== undefined) {
    const message = `is not for ${asked.type}: each has a document of its own`;
    throw invalid([{ path: 'uniqueKey', message }]);
  }
  const how = {
    ...readTimes(ctx, asked),
    ...(priority !== undefined && { priority }),
    ...(after && { after: after.map((id) => new UUID(id)) }),
  };
  return withinInput(() => starter.start(ctx, readInput(ctx, starter, asked), how));
}

/** The input of a starter, with the project that may stand beside it, and what its rule stamps. */
function readInput(ctx: Ctx, { body, rule }: Starter, { input, project }: Asked): object {
  const stamp = rule(ctx.actor);
  if (!stamp) throw new AppError('FORBIDDEN', 'You may not do this.');
  return { ...checkInput({ input: body }, { ...(project && { project }), ...input }), ...stamp };
}

/** Runs what names faults of the input by their own paths, and names them by those of the request. */
async function withinInput<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'VALIDATION_FAILED') throw error;
    const isOfRequest = (path: string) => /^(input|after)\b/.test(path);
    const rename = (path: string) => (isOfRequest(path) ? path : `input.${path}`);
    throw invalid((error.errors ?? []).map((fault) => ({ ...fault, path: rename(fault.path) })));
  }
}

/** What a job would cost at most, without starting it. @throws AppError VALIDATION_FAILED */
export async function estimateJob(
  ctx: Ctx,
  all: Startable,
  asked: Pick<Asked, 'type' | 'input'>,
): Promise<{ credits: number; priceVersion: string }> {
  const priceVersion = readPrices(ctx).version;
  const starter = all.starters[asked.type ?? ''];
  if (starter) {
    const estimate = () => starter.estimate(ctx, readInput(ctx, starter, asked));
    return { credits: await withinInput(estimate), priceVersion };
  }
  const { type, startable } = findStartable(all, asked.type);
  const input = checkInput({ input: startable.body }, asked.input ?? {});
  const credits = await priceJob(ctx, type, input);
  return { credits, priceVersion };
}

function findStartable({ types, starters }: Startable, name = '') {
  const type = types.get(name);
  if (type?.startable) return { type, startable: type.startable };
  const known = [...types.values()].filter((t) => t.startable).map((t) => t.name);
  const names = [...known, ...Object.keys(starters)].toSorted();
  const message = `clients may not start ${name}; they may start: ${names.join(', ')}`;
  throw invalid([{ path: 'type', message }]);
}

/** Of two with one unique key at once the second finds the first when it looks again. */
async function writeUnique(write: () => Promise<JobDoc>): Promise<JobDoc> {
  for (let i = 1; ; i++) {
    try {
      return await write();
    } catch (error) {
      const isTaken = error instanceof AppError && error.errors?.[0]?.path === 'openKey';
      if (!isTaken || i === TRIES) throw error;
    }
  }
}

/** The longest that a job may wait for its time, in ms: 30 days. */
const LONGEST_WAIT = 30 * 24 * 3_600_000;

function readTimes(ctx: Ctx, { runAfter, deadline }: Asked): { delay?: number; deadline?: Date } {
  const now = ctx.clock();
  const start = runAfter === undefined ? now : Date.parse(runAfter);
  const end = deadline === undefined ? undefined : Date.parse(deadline);
  const faults = [
    ...(start - now > LONGEST_WAIT ? [{ path: 'runAfter', message: 'is over 30 days away' }] : []),
    ...(end !== undefined && end <= Math.max(now, start)
      ? [{ path: 'deadline', message: 'must be later than now, and than runAfter' }]
      : []),
  ];
  if (faults.length > 0) throw invalid(faults);
  return {
    ...(start > now && { delay: (start - now) / 1000 }),
    ...(end !== undefined && { deadline: new Date(end) }),
  };
}
