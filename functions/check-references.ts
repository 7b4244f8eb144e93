import { serveSchedule } from '../src/api/events/serve-events.ts';
import { checkAllReferences } from '../src/services/maintenance/references/check.ts';

/** Every night: whatever refers to something that is not there is told of; there should be nothing. */
export const handler = serveSchedule('check-references', checkAllReferences);
