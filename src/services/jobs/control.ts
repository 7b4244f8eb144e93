import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { parseId } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { admitNext } from './admit.ts';
import { awaitJobs } from './dependencies.ts';
import { failWaiting } from './fail.ts';
import { GIVEN_UP } from './held.ts';
import { holdAgain } from './hold.ts';
import type { JobTypes } from './job-type.ts';
import { ringJobs } from './ring.ts';
import { resumeSubject, typeOf } from './subject.ts';

const CANCELLED = {
  code: 'CANCELLED',
  message: 'Its processing was cancelled.',
  retryable: false,
};

/** Cancels a job that has not ended, and fails what waits for it. @throws AppError NOT_FOUND, INVALID_STATE */
export async function cancelJob(ctx: Ctx, types: JobTypes, filter: TypedFilter): Promise<JobDoc> {
  const cancelled = await transaction(ctx, (tx) => cancelIn(tx, types, filter));
  if (cancelled) await admitNext(ctx, await findLimits(ctx, cancelled));
  return cancelled ?? refuse(ctx, filter, 'has ended already');
}

/** Cancels a job in a transaction; null where it has ended. The caller admits what its limits held back. */
export async function cancelIn(
  tx: Ctx,
  types: JobTypes,
  filter: TypedFilter,
): Promise<JobDoc | null> {
  const set = { status: 'CANCELLED', completedAt: new Date(tx.clock()) };
  const open = { ...filter, status: { $in: ['QUEUED', 'RUNNING'] } };
  const job = await update(tx, Job, open, { set, unset: GIVEN_UP }, 'cancel');
  if (!job) return null;
  await typeOf(types, job)?.admitCancel?.(tx, job.input as object);
  await failWaiting(tx, types, job, CANCELLED);
  return job;
}

/**
 * Starts a failed or cancelled job anew, at the price that it was quoted.
 * @throws AppError NOT_FOUND, INVALID_STATE, INSUFFICIENT_CREDITS; DUPLICATE where another has its unique key
 */
export async function retryJob(ctx: Ctx, types: JobTypes, filter: TypedFilter): Promise<JobDoc> {
  const started = await transaction(ctx, (tx) => retryIn(tx, types, filter));
  for (const job of started) await ringJobs(ctx, job);
  return started[0] ?? refuse(ctx, filter, 'has not failed, or does a part of another');
}

/** Starts a job anew in a transaction. @returns it, and what its type starts with it, to be rung; none if it goes on */
export async function retryIn(tx: Ctx, types: JobTypes, filter: TypedFilter): Promise<JobDoc[]> {
  // A child is started anew with its parent.
  const ended = { ...filter, status: { $in: ['FAILED', 'CANCELLED'] }, parent: { $exists: false } };
  const found = await findEnded(tx, ended);
  const job = found && (await queueAgain(tx, ended, found));
  if (!job) return [];
  const type = typeOf(types, job);
  await holdAgain(tx, job);
  await resumeSubject(tx, type, job);
  const started = await awaitAgain(tx, job);
  const others = await type?.retried?.(tx, job.input as object, types, job);
  return [...(started ? [started] : []), ...(others ?? [])];
}

interface Ended {
  uniqueKey?: string | null;
  /** Whether its deadline has passed: it would fail at once, each time. */
  isLate?: boolean;
}

async function findEnded(tx: Ctx, ended: TypedFilter): Promise<Ended | null> {
  // No deadline at all would come before every date.
  const isLate = { $and: ['$deadline', { $lte: ['$deadline', databaseTime(tx)] }] };
  return findOne(tx, Job, ended, { projection: { uniqueKey: 1, isLate } });
}

async function queueAgain(
  tx: Ctx,
  ended: TypedFilter,
  { uniqueKey, isLate }: Ended,
): Promise<JobDoc | null> {
  const open = { status: 'QUEUED', waitsFor: 'TIME', attempts: 0, losses: 0, progress: 0 };
  const set = { ...open, ...(uniqueKey && { openKey: uniqueKey }) };
  const unset = ['error', 'completedAt', 'parts', 'supersededBy', ...(isLate ? ['deadline'] : [])];
  try {
    return await update(tx, Job, ended, { set, unset, times: { runAfter: 0 } }, 'retry');
  } catch (error) {
    if (!(error instanceof AppError) || error.errors?.[0]?.path !== 'openKey') throw error;
    const errors = [{ path: 'uniqueKey', message: 'is that of a job that has not ended' }];
    const message = 'Another job that has its unique key has not ended.';
    throw new AppError('DUPLICATE', message, { errors, cause: error });
  }
}

/** Has a job that is started anew wait for those of its dependencies that are open. */
async function awaitAgain(tx: Ctx, job: JobDoc): Promise<JobDoc | null> {
  if (!job.after?.length) return job;
  const after = job.after.map(parseId).filter((id) => id !== undefined);
  const pending = await awaitJobs(tx, after, job.user).catch((cause) => {
    if (!(cause instanceof AppError)) throw cause;
    throw new AppError('INVALID_STATE', 'A job that it waits for has not completed.', { cause });
  });
  if (pending.length === 0) return job;
  return update(tx, Job, { _id: job._id }, { set: { pending, waitsFor: 'JOBS' } }, null);
}

async function findLimits(ctx: Ctx, { _id }: JobDoc): Promise<JobDoc['limits']> {
  return (await findOne(ctx, Job, { _id }, { projection: { limits: 1 } }))?.limits;
}

async function refuse(ctx: Ctx, filter: TypedFilter, why: string): Promise<never> {
  if (!(await findOne(ctx, Job, filter, { projection: { _id: 1 } }))) throw notFound();
  throw new AppError('INVALID_STATE', `The job ${why}.`);
}
