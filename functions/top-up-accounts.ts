import { serveSchedule } from '../src/api/events/serve-events.ts';
import { topUpAccounts } from '../src/services/payments/top-ups/run.ts';

/** Runs every minute: buys credits for who has set that they be bought when they run low. */
export const handler = serveSchedule('top-up-accounts', topUpAccounts);
