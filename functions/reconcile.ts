import { serveSchedule } from '../src/api/serve-events.ts';
import { reconcile } from '../src/services/reconcile.ts';

/** Every minute: what lost messages and crashes left behind is found and put right. */
export const handler = serveSchedule('reconcile', reconcile);
