import { serveSchedule } from '../src/api/serve-events.ts';
import { checkObjects } from '../src/services/check-objects.ts';

/**
 * Every night: objects that no document knows go, and media without their bytes say so. Invoked by hand
 * with `{ "dryRun": true }` it only tells.
 */
export const handler = serveSchedule('check-objects', (ctx, timeLeft, event) =>
  checkObjects(ctx, { dryRun: (event as { dryRun?: unknown })?.dryRun === true, timeLeft }),
);
