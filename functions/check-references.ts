import { serveSchedule } from '../src/api/events/serve-events.ts';
import { checkAllReferences } from '../src/services/maintenance/references/check.ts';

/** Runs every night: reports broken references, of which there should be none. */
export const handler = serveSchedule('check-references', checkAllReferences);
