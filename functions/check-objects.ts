import { serveSchedule } from '../src/api/events/serve-events.ts';
import { checkObjects } from '../src/services/maintenance/objects/check.ts';

/**
 * Runs every night: deletes objects that no document refers to, sets media without their bytes to
 * FAILED, and has media processed again that lack derivatives. Invoked by hand with
 * `{ "dryRun": true }` it only reports.
 */
export const handler = serveSchedule('check-objects', (ctx, timeLeft, event) =>
  checkObjects(ctx, { dryRun: (event as { dryRun?: unknown })?.dryRun === true, timeLeft }),
);
