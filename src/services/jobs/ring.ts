import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { sendMessage } from '../../providers/queue.ts';
import type { Seconds } from './job-type.ts';

/** The longest delay of a message in SQS. */
const LONGEST_DELAY: Seconds = 900;

/**
 * Wakes a worker of the job's queue. A lost ring costs a delay: `reconcile` rings for what waits too long.
 * @param job its id; with its queue, that need not be read
 */
export async function ringJobs(
  ctx: Ctx,
  job: UUID | Pick<JobDoc, '_id' | 'queue'>,
  delay: Seconds = 0,
): Promise<void> {
  try {
    const rung = job instanceof UUID ? await findOne(ctx, Job, { _id: job }, QUEUE) : job;
    const url = rung && config.jobQueueUrls[rung.queue.toLowerCase() as Lowercase<JobQueue>];
    if (!url) return;
    const hint = { job: idText(rung._id), queue: rung.queue };
    await sendMessage(url, hint, Math.min(Math.ceil(delay), LONGEST_DELAY));
  } catch (error) {
    ctx.log.warn('No worker could be rung; reconcile will.', { error: error as Error });
  }
}

const QUEUE = { projection: { queue: 1 } };
