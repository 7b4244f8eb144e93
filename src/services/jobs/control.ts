import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError, notFound } from '../../errors.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { admitNext } from './admit.ts';
import { failWaiting } from './fail.ts';
import type { JobTypes } from './job-type.ts';
import { GIVEN_UP, ringJobs } from './queue.ts';
import { resumeSubject, typeOf } from './subject.ts';

const CANCELLED = {
  code: 'CANCELLED',
  message: 'Its processing was cancelled.',
  retryable: false,
};

/** Cancels a job that has not ended, and fails what waits for it. @throws AppError NOT_FOUND, INVALID_STATE */
export async function cancelJob(ctx: Ctx, types: JobTypes, filter: TypedFilter): Promise<JobDoc> {
  const set = { status: 'CANCELLED', completedAt: new Date(ctx.clock()) };
  const open = { ...filter, status: { $in: ['QUEUED', 'RUNNING'] } };
  const cancelled = await transaction(ctx, async (tx) => {
    const job = await update(tx, Job, open, { set, unset: GIVEN_UP }, 'cancel');
    if (job) await failWaiting(tx, types, job, CANCELLED);
    return job;
  });
  if (cancelled) await admitNext(ctx, await findLimits(ctx, cancelled));
  return cancelled ?? refuse(ctx, filter, 'has ended already');
}

/** Starts a failed or cancelled job anew. @throws AppError NOT_FOUND, INVALID_STATE */
export async function retryJob(ctx: Ctx, types: JobTypes, filter: TypedFilter): Promise<JobDoc> {
  const set = { status: 'QUEUED', waitsFor: 'TIME', attempts: 0, losses: 0, progress: 0 };
  // A child is started anew with its parent.
  const ended = { ...filter, status: { $in: ['FAILED', 'CANCELLED'] }, parent: { $exists: false } };
  const unset = ['error', 'completedAt', 'parts'];
  const change = { set, unset, times: { runAfter: 0 } };
  const started = await transaction(ctx, async (tx) => {
    const job = await update(tx, Job, ended, change, 'retry');
    if (job) await resumeSubject(tx, typeOf(types, job), job);
    return job;
  });
  if (!started) return refuse(ctx, filter, 'has not failed, or does a part of another');
  await ringJobs(ctx, started);
  return started;
}

async function findLimits(ctx: Ctx, { _id }: JobDoc): Promise<JobDoc['limits']> {
  return (await findOne(ctx, Job, { _id }, { projection: { limits: 1 } }))?.limits;
}

async function refuse(ctx: Ctx, filter: TypedFilter, why: string): Promise<never> {
  if (!(await findOne(ctx, Job, filter, { projection: { _id: 1 } }))) throw notFound();
  throw new AppError('INVALID_STATE', `The job ${why}.`);
}
