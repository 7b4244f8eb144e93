import { serveSchedule } from '../src/api/events/serve-events.ts';
import { rollUp } from '../src/services/metering/roll-up.ts';

/** Runs every five minutes: brings the stats up to date. */
export const handler = serveSchedule('roll-up', rollUp);
