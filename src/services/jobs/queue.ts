import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert, update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { ring } from '../../providers/queue.ts';
import { advance, resume, settle } from './job-outcomes.ts';

/** How long a claim holds without a heartbeat, in ms. */
export const LEASE = 20_000;
/** How often a worker renews its claim, in ms. */
export const HEARTBEAT = 5_000;
/** A job that has cost this many workers, their lives or all of their time, is stopped: it would go on for ever. */
const MOST_LOSSES = 25;

export interface NewJob {
  _id?: UUID;
  type: string;
  input: Record<string, unknown>;
  user?: UUID;
  project?: UUID;
  /** The job that this one does a part of. */
  parent?: UUID;
  priority?: number;
  maxAttempts?: number;
}

/** Writes a job, in the caller's transaction if there is one; ring after the commit. */
export async function enqueue(ctx: Ctx, job: NewJob): Promise<JobDoc> {
  return insert(ctx, Job, { ...job, runAfter: new Date(ctx.clock()) });
}

/** Wakes a worker. A lost ring costs a delay: `reconcile` rings for what waits too long. */
export async function ringJobs(ctx: Ctx, job: UUID, delaySeconds = 0): Promise<void> {
  if (!config.jobsQueueUrl) return;
  try {
    await ring(config.jobsQueueUrl, { job: idText(job) }, delaySeconds);
  } catch (error) {
    ctx.log.warn('No worker could be rung; reconcile will.', { error: error as Error });
  }
}

/** A job in the hands of one worker: every write shows the token, a stale worker's are refused. */
export interface Claim {
  job: JobDoc;
  token: number;
}

/**
 * Takes the most urgent job that waits, or one whose worker was lost, by one atomic update.
 * Null when there is none.
 */
export async function claim(ctx: Ctx, owner: string): Promise<Claim | null> {
  const now = new Date(ctx.clock());
  const lease = {
    owner,
    until: new Date(now.getTime() + LEASE),
    token: { $add: [{ $ifNull: ['$lease.token', 0] }, 1] },
  };
  const started = { startedAt: { $ifNull: ['$startedAt', now] }, status: 'RUNNING', lease };
  const touch = { updatedAt: now, version: { $add: ['$version', 1] } };
  const options = {
    returnDocument: 'after' as const,
    sort: { priority: -1, runAfter: 1 } as const,
  };
  const waiting = await Job.collection.findOneAndUpdate(
    waitingAt(now),
    [{ $set: { ...started, ...touch } }],
    options,
  );
  const found =
    waiting ??
    (await Job.collection.findOneAndUpdate(
      { status: 'RUNNING', 'lease.until': { $lt: now } },
      [{ $set: { ...started, ...touch, losses: { $add: ['$losses', 1] } } }],
      { returnDocument: 'after', sort: { 'lease.until': 1 } },
    ));
  if (!found) return null;
  const job = found as unknown as JobDoc;
  return { job, token: (found.lease as { token: number }).token };
}

/** The jobs whose time has come, sorted by priority and time; those that wait for theirs are not even read. */
export function waitingAt(now: Date) {
  // Of any priority: only with a bound on its first field is the index read by its second, too.
  return { status: 'QUEUED', priority: { $gte: 0 }, runAfter: { $lte: now } };
}

/** Whether a job has cost too many workers to be given another. */
export function isHopeless({ job }: Claim): boolean {
  return job.losses > MOST_LOSSES;
}

/** Says that the worker lives, and how far it is; false when the job is no longer its. */
export async function heartbeat(
  ctx: Ctx,
  { job, token }: Claim,
  progress: number,
  stage: string | undefined,
): Promise<boolean> {
  const { matchedCount } = await Job.collection.updateOne(
    { _id: job._id, status: 'RUNNING', 'lease.token': token },
    {
      $set: { 'lease.until': new Date(ctx.clock() + LEASE), ...(stage && { stage }) },
      // Never backwards, also after a second start.
      $max: { progress: Math.floor(progress) },
    },
  );
  if (matchedCount === 0) return false;
  await advance(job, progress);
  return true;
}

/** The filter under which a worker may write about its job. */
export function held({ job, token }: Claim) {
  return { _id: job._id, status: 'RUNNING', 'lease.token': token };
}

/** Ends a job well. In the transaction of what it did. False when it was no longer the worker's. */
export async function complete(ctx: Ctx, it: Claim, result: object): Promise<boolean> {
  const set = { status: 'COMPLETED', progress: 100, result, completedAt: new Date(ctx.clock()) };
  // The error of a try before is no longer true.
  const change = { set, unset: ['error'] };
  return (await update(ctx, Job, held(it), change, 'complete')) !== null;
}

export interface JobError {
  code: string;
  message: string;
  retryable: boolean;
}

/** Ends a job in failure, or puts it back for another try, later each time. */
export async function fail(
  ctx: Ctx,
  it: Claim,
  error: JobError,
): Promise<'RETRY' | 'FAILED' | 'LOST'> {
  const attempts = it.job.attempts + 1;
  const again = error.retryable && attempts < it.job.maxAttempts;
  const now = ctx.clock();
  const done = again
    ? { status: 'QUEUED', attempts, error, runAfter: new Date(now + 1000 * retryAfter(it.job)) }
    : { status: 'FAILED', attempts, error, completedAt: new Date(now) };
  const kept = await update(ctx, Job, held(it), { set: done }, again ? 'retry' : 'fail');
  return kept === null ? 'LOST' : again ? 'RETRY' : 'FAILED';
}

/** How long a job waits for its next try, in s: 4, 16, 64… */
export function retryAfter({ attempts }: JobDoc): number {
  return Math.min(4 ** (attempts + 1), 300);
}

/** Puts a job back: its worker has to go (time is up), the job has not failed; but this may not go on for ever. */
export async function giveBack(ctx: Ctx, it: Claim): Promise<void> {
  await putBack(ctx, it, 0, { losses: it.job.losses + 1 });
}

/** Puts a job back for so many seconds, and has it rung for then. */
export async function putBack(
  ctx: Ctx,
  it: Claim,
  seconds: number,
  more: { losses?: number } = {},
): Promise<void> {
  const runAfter = new Date(ctx.clock() + 1000 * seconds);
  const set = { status: 'QUEUED', runAfter, ...more };
  if (await update(ctx, Job, held(it), { set }, null)) await ringJobs(ctx, it.job._id, seconds);
}

/** Cancels a job that has not ended, and says so of what waited for it. @throws AppError NOT_FOUND, INVALID_STATE */
export async function cancel(ctx: Ctx, filter: Record<string, unknown>): Promise<JobDoc> {
  const set = { status: 'CANCELLED', completedAt: new Date(ctx.clock()) };
  const open = { ...filter, status: { $in: ['QUEUED', 'RUNNING'] } };
  const cancelled = await transaction(ctx, async (tx) => {
    const job = await update(tx, Job, open, { set }, 'cancel');
    if (job) await settle(tx, job, { code: 'CANCELLED', message: 'Its processing was cancelled.' });
    return job;
  });
  return cancelled ?? refuse(ctx, filter, 'has ended already');
}

/** Starts a failed or cancelled job anew. @throws AppError NOT_FOUND, INVALID_STATE */
export async function retry(ctx: Ctx, filter: Record<string, unknown>): Promise<JobDoc> {
  const set = {
    status: 'QUEUED',
    attempts: 0,
    losses: 0,
    progress: 0,
    runAfter: new Date(ctx.clock()),
  };
  // A part is begun anew with the whole.
  const ended = { ...filter, status: { $in: ['FAILED', 'CANCELLED'] }, parent: { $exists: false } };
  const unset = ['error', 'completedAt', 'parts'];
  const again = await transaction(ctx, async (tx) => {
    const job = await update(tx, Job, ended, { set, unset }, 'retry');
    if (job) await resume(tx, job);
    return job;
  });
  return again ?? refuse(ctx, filter, 'has not failed, or does a part of another');
}

async function refuse(ctx: Ctx, filter: Record<string, unknown>, why: string): Promise<never> {
  if (!(await findOne(ctx, Job, filter, { projection: { _id: 1 } }))) throw notFound();
  throw new AppError('INVALID_STATE', `The job ${why}.`);
}
