import { serveSchedule } from '../src/api/events/serve-events.ts';
import { reconcilePayments } from '../src/services/payments/reconcile.ts';

/** Runs every night: compares payments and ledger with what Stripe has, and reports each difference. */
export const handler = serveSchedule('reconcile-payments', async (ctx) => {
  const report = await reconcilePayments(ctx);
  return report && { charges: report.charges, differences: report.differenceCount };
});
