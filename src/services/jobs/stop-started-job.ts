import Joi from 'joi';
import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { idInput } from './input.ts';
import type { JobType } from './job-type.ts';
import { enqueueWithin } from './queue.ts';
import { findStarted } from './started.ts';

export interface StopStartedInput {
  /** The job that has ended otherwise than by completion. */
  job: UUID;
}

/** Cancels the jobs that a job has started: more than one transaction can end, so each has its own. */
export const stopStartedJob: JobType<StopStartedInput, { cancelled: number }> = {
  name: 'stop-started',
  input: Joi.object<StopStartedInput>({ job: idInput().required() }),
  attempts: 10,
  queue: 'upkeep',
  run: async (work) => (await import('./stop-started.ts')).runStopStarted(work),
};

/** Has those that a job has started cancelled, in the transaction that ends it. */
export async function stopStarted(tx: Ctx, { _id }: JobDoc): Promise<void> {
  const open = { status: { $in: ['QUEUED', 'RUNNING'] } };
  if ((await findStarted(tx, _id, open)).length === 0) return;
  await enqueueWithin(tx, stopStartedJob, { input: { job: _id } });
}

/** Lets a job that is started anew start those again that have not completed, in the transaction of that. */
export async function forgetStarted(
  tx: Ctx,
  _input: object,
  _types: unknown,
  { _id }: JobDoc,
): Promise<JobDoc[]> {
  await Job.collection.updateMany(
    { startedBy: idText(_id), status: { $in: ['FAILED', 'CANCELLED'] } },
    { $unset: { startedBy: 1 }, $inc: { version: 1 } },
    { ...(tx.session && { session: tx.session }) },
  );
  return [];
}
