import { serveQueue } from '../src/api/events/serve-events.ts';
import { requestAppend } from '../src/services/audit/chain.ts';
import { jobTypes } from '../src/services/job-types.ts';
import { workOnce } from '../src/services/jobs/worker.ts';

/** The doorbell rang: whatever job is the most urgent is done. */
export const handler = serveQueue('run-jobs', async (ctx, _message, timeLeft) => {
  if (await workOnce(ctx, jobTypes, timeLeft)) await requestAppend(ctx);
});
