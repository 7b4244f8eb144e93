import { migrations } from '../migrations/index.ts';
import { serveSchedule } from '../src/api/events/serve-events.ts';
import { config } from '../src/config.ts';
import { database } from '../src/data/connection.ts';
import { MIGRATING } from '../src/data/deadlines.ts';
import { listPending } from '../src/data/migrations/plan.ts';
import { readRecords } from '../src/data/migrations/records.ts';
import { upgrade } from '../src/data/migrations/run.ts';

/**
 * Invoked before each deployment: applies the pending migrations that widen what the database accepts, since
 * the functions of before still run; with `{ "narrow": true }`, once these are gone, all of them. Returns
 * those applied; as `unfinished`, one that it had no time to finish, which the next call continues; as
 * `narrowing` those that are left; and which Node runs here, with or without its code cache.
 */
export const handler = serveSchedule(
  'migrate',
  async ({ log }, timeLeft, event) => {
    const db = database();
    const tell = (line: string) => log.info(line.trim());
    const target = (event as { narrow?: unknown } | null)?.narrow === true ? 'head' : 'widening';
    const { done, unfinished } = await upgrade(db, migrations, target, { tell, timeLeft });
    const node = { node: process.version, codeCache: config.codeCache };
    if (unfinished) return { applied: done, unfinished, ...node };
    const narrowing = listPending(migrations, await readRecords(db)).map(({ id }) => id);
    return { applied: done, ...(narrowing.length > 0 && { narrowing }), ...node };
  },
  MIGRATING,
);
