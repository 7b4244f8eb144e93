import { serveSchedule } from '../src/api/events/serve-events.ts';
import { reconcile } from '../src/services/maintenance/reconcile.ts';

/** Every minute: what lost messages and crashes left behind is found and put right. */
export const handler = serveSchedule('reconcile', reconcile);
