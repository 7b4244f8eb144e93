import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { WebhookDelivery } from '../../models/webhooks/webhook-delivery.ts';
import { deliverWebhooks } from './deliver-job.ts';
import { wakeEndpoint } from './wake.ts';

/** How long a delivery may be overdue before its endpoint is woken, in ms. */
const OVERDUE = 30_000;
/** How many endpoints are woken in one run. */
const MOST = 1000;

/**
 * Wakes the endpoints with deliveries that are overdue: what was to wake them has crashed. The index jumps
 * from endpoint to endpoint, so this costs as much as there are endpoints for which something waits. Returns
 * how many were overdue; most of them fail, and wait for their time.
 */
export async function wakeStranded(ctx: Ctx): Promise<number> {
  const overdue = await aggregate<{ _id: UUID }>(ctx, WebhookDelivery, [
    { $match: { status: 'PENDING' } },
    { $sort: { status: 1, endpoint: 1, nextAttemptAt: 1, _id: 1 } },
    { $group: { _id: '$endpoint', first: { $first: '$nextAttemptAt' } } },
    { $match: { $expr: { $lte: ['$first', databaseTime(ctx, -OVERDUE)] } } },
    { $limit: MOST },
  ]);
  for (const { _id } of overdue) await wakeEndpoint(ctx, deliverWebhooks, _id);
  return overdue.length;
}
