import { serveSchedule } from '../src/api/events/serve-events.ts';
import { checkObjects } from '../src/services/maintenance/objects/check.ts';

/**
 * Every night: objects that no document knows go, media without their bytes say so, and what was made of
 * others and is gone is made again. Invoked by hand with `{ "dryRun": true }` it only tells.
 */
export const handler = serveSchedule('check-objects', (ctx, timeLeft, event) =>
  checkObjects(ctx, { dryRun: (event as { dryRun?: unknown })?.dryRun === true, timeLeft }),
);
