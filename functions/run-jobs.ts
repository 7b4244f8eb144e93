import { serveQueue } from '../src/api/events/serve-events.ts';
import { JOB_QUEUES } from '../src/models/jobs/job.ts';
import { requestAppend } from '../src/services/audit/chain.ts';
import { jobTypes } from '../src/services/job-types.ts';
import { workOnce } from '../src/services/jobs/worker.ts';

/**
 * Runs for each wake-up message: claims the job whose turn it is, from the queue that the message names
 * (each has a function of its own), and runs it.
 */
export const handler = serveQueue('run-jobs', async (ctx, message, timeLeft) => {
  const named = (message as { queue?: unknown } | null)?.queue;
  const queue = JOB_QUEUES.find((one) => one === named);
  const outcome = await workOnce(ctx, jobTypes, timeLeft, queue);
  if (outcome !== 'IDLE') await requestAppend(ctx);
  // A job that hangs can only be stopped by ending its process. Lambda and `npm start` run the next
  // job in a new one.
  if (outcome === 'STUCK') process.exit(1);
});
