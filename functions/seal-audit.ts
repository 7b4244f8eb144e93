import { serveSchedule } from '../src/api/events/serve-events.ts';
import { appendToChain } from '../src/services/audit/chain.ts';
import { checkpointWhenDue } from '../src/services/audit/checkpoints.ts';
import { relayEvents } from '../src/services/webhooks/relay.ts';

/**
 * What follows every write, and runs every minute, too: moves audit entries from their documents into the
 * audit chains, makes a checkpoint of these when one is due, and makes deliveries of the events that webhooks
 * tell of. None waits for the others.
 */
export const handler = serveSchedule('seal-audit', async (ctx) => {
  const ends = await Promise.allSettled([
    appendToChain(ctx),
    checkpointWhenDue(ctx),
    relayEvents(ctx),
  ]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
});
