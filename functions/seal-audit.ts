import { serveSchedule } from '../src/api/events/serve-events.ts';
import { appendToChain } from '../src/services/audit/chain.ts';

/**
 * Moves audit entries from their documents into the audit chain. Runs after writes, and every
 * minute.
 */
export const handler = serveSchedule('seal-audit', async (ctx) => {
  await appendToChain(ctx);
});
