import { serveSchedule } from '../src/api/events/serve-events.ts';
import { verifyAudit } from '../src/services/audit/verify.ts';

/**
 * Runs every night, as a user of the database who may only read: verifies the audit log and its checkpoints.
 * Fails, which raises an alarm, when anything is not as it was written.
 */
export const handler = serveSchedule('verify-audit', async (ctx, timeLeft) => {
  const report = await verifyAudit(ctx, timeLeft);
  if (report.unfinished) ctx.log.warn('Not all of the audit log was verified.', { ...report });
  if (report.faults.length === 0) return report;
  ctx.log.error('The audit log is not as it was written.', { ...report });
  throw new Error('The audit log is not as it was written: the log says where.');
});
