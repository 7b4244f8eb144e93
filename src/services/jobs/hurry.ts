import type { Ctx } from '../../context.ts';
import { isToCome } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Job } from '../../models/jobs/job.ts';
import type { Seconds } from './job-type.ts';
import { ringJobs } from './queue.ts';

/**
 * Lets a job that waits for a later time run in so many seconds. Returns whether the job has not ended: one
 * that runs already is left alone.
 */
export async function hurryJob(ctx: Ctx, id: UUID, delay: Seconds): Promise<boolean> {
  const isLater = isToCome(ctx, 'runAfter', -1000 * delay);
  const change = { times: { runAfter: 1000 * delay } };
  if (await update(ctx, Job, { _id: id, status: 'QUEUED', ...isLater }, change, null)) {
    await ringJobs(ctx, id, delay);
    return true;
  }
  const alive = { _id: id, status: { $in: ['QUEUED', 'RUNNING'] } };
  return (await findOne(ctx, Job, alive, { projection: { _id: 1 } })) !== null;
}
