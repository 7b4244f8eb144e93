import { serveSchedule } from '../src/api/events/serve-events.ts';
import { appendToChain } from '../src/services/audit/chain.ts';
import { relayEvents } from '../src/services/webhooks/relay.ts';

/**
 * What follows every write, and runs every minute, too: moves audit entries from their documents into the
 * audit chain, and makes deliveries of the events that webhooks tell of. Neither waits for the other.
 */
export const handler = serveSchedule('seal-audit', async (ctx) => {
  const ends = await Promise.allSettled([appendToChain(ctx), relayEvents(ctx)]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
});
