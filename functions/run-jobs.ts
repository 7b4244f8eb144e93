import { serveQueue } from '../src/api/events/serve-events.ts';
import { requestAppend } from '../src/services/audit/chain.ts';
import { jobTypes } from '../src/services/job-types.ts';
import { workOnce } from '../src/services/jobs/worker.ts';

/** The doorbell rang: whatever job is the most urgent is done. */
export const handler = serveQueue('run-jobs', async (ctx, _message, timeLeft) => {
  const outcome = await workOnce(ctx, jobTypes, timeLeft);
  if (outcome !== 'IDLE') await requestAppend(ctx);
  // What hangs can only be ended with its process. Lambda and `npm start` begin the next job in a new one.
  if (outcome === 'STUCK') process.exit(1);
});
