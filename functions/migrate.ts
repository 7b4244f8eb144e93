import { migrations } from '../migrations/index.ts';
import { serveSchedule } from '../src/api/serve-events.ts';
import { upgrade } from '../src/data/migrations.ts';

/** Called at deploy: brings the database up to date. Answers which migrations it applied. */
export const handler = serveSchedule('migrate', async () => ({
  applied: await upgrade(migrations),
}));
