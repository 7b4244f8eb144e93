import { serveSchedule } from '../src/api/events/serve-events.ts';
import { tendAccounts } from '../src/services/billing/tend.ts';

/** Runs every minute: returns and expires credits, puts counters of allowances right, raises alarms. */
export const handler = serveSchedule('tend-accounts', tendAccounts);
