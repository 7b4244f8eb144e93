import { serveQueue } from '../src/api/events/serve-events.ts';
import { requestAppend } from '../src/services/audit/chain.ts';
import { jobTypes } from '../src/services/job-types.ts';
import { workOnce } from '../src/services/jobs/worker.ts';

/** Runs for each wake-up message: claims and runs the most urgent job. */
export const handler = serveQueue('run-jobs', async (ctx, _message, timeLeft) => {
  const outcome = await workOnce(ctx, jobTypes, timeLeft);
  if (outcome !== 'IDLE') await requestAppend(ctx);
  // A job that hangs can only be stopped by ending its process. Lambda and `npm start` run the next
  // job in a new one.
  if (outcome === 'STUCK') process.exit(1);
});
