import { serveSchedule } from '../src/api/events/serve-events.ts';
import { startRenewalIfDue } from '../src/services/crypto/due.ts';

/** Runs every week: where keys have ended, what is under them is encrypted anew. */
export const handler = serveSchedule('renew-encryption', startRenewalIfDue);
