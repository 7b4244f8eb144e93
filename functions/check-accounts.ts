import { serveSchedule } from '../src/api/events/serve-events.ts';
import { checkAccounts } from '../src/services/billing/check.ts';

/** Runs every night: reads the whole ledger of credits, and recounts what accounts have of their allowances. */
export const handler = serveSchedule('check-accounts', checkAccounts);
