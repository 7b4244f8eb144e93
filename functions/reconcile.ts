import { serveSchedule } from '../src/api/events/serve-events.ts';
import { reconcile } from '../src/services/maintenance/reconcile.ts';

/** Runs every minute: repairs what lost messages and crashes left behind. */
export const handler = serveSchedule('reconcile', reconcile);
