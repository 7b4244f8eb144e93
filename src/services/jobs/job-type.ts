import type Joi from 'joi';
import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import type { UUID } from '../../data/ids.ts';
import type { Update } from '../../data/write.ts';
import type { JobDoc, JobQueue } from '../../models/jobs/job.ts';
import type { Rule } from '../../rules.ts';

export type Seconds = number;
/** Whole credits. */
type Credits = number;

/**
 * A kind of background work, as one value: what it is told, how often and how long it is tried, who waits
 * for it, and what it does. `services/job-types.ts` lists all of them; the job core knows none by name.
 * @typeParam I the input, stored with the job
 * @typeParam R the result, stored with the completed job
 * @typeParam S what a job that fans out keeps for its fan-in
 */
export interface JobType<
  I extends object = object,
  R extends object = object,
  S extends object = object,
> {
  /** Stored with each job: `process-track`. */
  name: string;
  /** Checked when a job is enqueued, and again when it is claimed. */
  input: Joi.ObjectSchema<I>;
  /** After so many failed runs a job has FAILED; 3 unless said otherwise. A lost lease is no failed run. */
  attempts?: number;
  /** A run that takes longer is aborted and fails with TIMED_OUT. */
  timeout?: Seconds;
  /**
   * What kind of load it is: seconds of work (the default), minutes of work, waiting for others, sweeping.
   * Each queue is claimed from, and woken, apart, so that none holds up another.
   */
  queue?: Lowercase<JobQueue>;
  /**
   * How many jobs run at once: of this type, of this type and one user, of all types that use a
   * provider. The others wait, and users take turns among them.
   */
  limits?: { all?: number; eachUser?: number; provider?: { name: string; atOnce: number } };
  /** Of jobs of one user and key only one is open at a time. */
  unique?: { by: Unique['by']; key(input: I): string };
  /** What a job costs at most. */
  price?(ctx: Ctx, input: I): Promise<Credits>;
  /** What completing it costs in fact: no more than `price`. */
  charge?(input: I, result: R): Credits;
  /** Clients may start it by `POST /v1/jobs`, with this body as its input. */
  startable?: { body: Joi.ObjectSchema; rule: Rule };
  /** The document that waits for it. */
  subject?: Subject<I, R>;
  /** Does the work. A result that `work.complete` has not stored yet completes the job. */
  run(work: Work<I, R, S>): Promise<R | WakeLater | FannedOut>;
  /** The fan-in: runs when the last child job has completed, with the results of all. */
  afterParts?(work: Work<I, R, S>, results: object[], state: S): Promise<R | WakeLater>;
  /** Called in the transaction that cancels a job: refuses it by what it throws. */
  admitCancel?(tx: Ctx, input: I): Promise<void>;
  /**
   * Called in the transaction that ends a job by failure or cancellation, before its subject is told: what
   * it has begun elsewhere is to be stopped.
   * @param types none where a newer job takes its place
   */
  abandoned?(tx: Ctx, job: JobDoc, input: I, types?: JobTypes): Promise<void>;
  /**
   * Called in the transaction that starts a failed or cancelled job anew.
   * @returns the jobs that it starts anew with it
   */
  retried?(tx: Ctx, input: I, types: JobTypes, job: JobDoc): Promise<JobDoc[]>;
  /** Called in the transaction that ends a job which had fanned out, but by failure or cancellation. */
  discardParts?(tx: Ctx, state: S): Promise<void>;
}

/**
 * What happens where a job with the same key is open: the new one `joins` it, and is none of its own, or
 * `supersedes` it, which cancels the old one. The key has at most 190 characters.
 */
export interface Unique {
  key: string;
  by: 'joins' | 'supersedes';
}

/** Asks to be run again in so many seconds: what the job needs is not there yet, which is no failure. */
export interface WakeLater {
  wakeIn: Seconds;
  /** How far it is by now, in percent. */
  progress?: number;
}

/** Child jobs have the rest; the job waits, without a worker, until all of them have completed. */
export const FANNED_OUT = { fannedOut: true } as const;
export type FannedOut = typeof FANNED_OUT;

/** What a job leaves to child jobs. */
export interface FanOut<S extends object> {
  type: JobType;
  /** One child job for each. */
  inputs: object[];
  /** Handed to `afterParts`; at most 64 KiB. */
  state: S;
}

/** What a run works with. */
export interface Work<I extends object, R extends object = object, S extends object = object> {
  ctx: Ctx;
  input: I;
  /** The job as it was claimed. */
  job: JobDoc;
  /** The fencing token of this claim: greater than that of every claim before. */
  token: number;
  /** Those that this worker has handlers for. */
  types: JobTypes;
  /** Aborted when the job is no longer this worker's: cancelled, lost, or out of time. */
  signal: AbortSignal;
  /** How far it is, 0–100, and what it is doing; sent with the next heartbeat. */
  progress(percent: number, stage?: string): void;
  /**
   * Completes the job in one transaction with what `write` writes; `write` may run more than once.
   * @throws LostClaim when another worker has the job; Superseded when nobody waits for it
   */
  complete(write: (tx: Ctx) => Promise<R>): Promise<R>;
  /** Leaves the rest to child jobs. @throws LostClaim when another worker has the job */
  fanOut(rest: FanOut<S>): Promise<FannedOut>;
}

/** How a document that waits for a job shows what becomes of it. */
export interface Subject<I extends object, R extends object = object> {
  at(input: I): { entity: Entity; id: UUID };
  /** Whether it waits for this very job: what keeps another, stale job from changing it. */
  waiting(job: UUID): TypedFilter;
  /** The field that shows the job's progress. */
  progress?: string;
  /** What it becomes with each claim. */
  started?(now: Date): Transition;
  /** What it becomes with the job's completion, where `run` does not write that itself. */
  completed?(result: R, now: Date): Transition;
  /** What it becomes when the job fails or is cancelled: the first whose `where` matches. */
  failed(error: JobError, now: Date): Transition[];
  /** What it becomes when a failed or cancelled job is started anew; `where` takes the place of `waiting`. */
  resumed(job: UUID, input: I): Transition;
}

/** A change of a document, where it still is as `where` says. */
export interface Transition extends Update {
  where?: TypedFilter;
  /** What the audit log calls it; null: nothing worth an entry. */
  action: string | null;
}

/** Why a job failed, as its document and the client see it. */
export interface JobError {
  code: string;
  message: string;
  retryable: boolean;
}

/** The error of a job that was not done by its deadline. */
export const OVERDUE: JobError = {
  code: 'DEADLINE_EXCEEDED',
  message: 'It was not done by its deadline.',
  retryable: false,
};

/** The types that a worker has handlers for, by name. */
export type JobTypes = ReadonlyMap<string, JobType>;

/** @throws Error where two have one name */
export function listJobTypes(...types: JobType[]): JobTypes {
  const byName = new Map(types.map((type) => [type.name, type]));
  if (byName.size < types.length) throw new Error('Two job types have the same name.');
  return byName;
}

/** A failure that a run understands: its code is stable, its message is for the client. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, { retryable = false } = {}) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** Nobody needs what the job was to make: it completes without, and so does the job that it is a child of. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** Another worker has the job by now: this one may write nothing more. */
export class LostClaim extends Error {
  override readonly name = 'LostClaim';
  constructor() {
    super('The job was taken by another worker.');
  }
}
