import { migrations } from '../migrations/index.ts';
import { serveSchedule } from '../src/api/events/serve-events.ts';
import { config } from '../src/config.ts';
import { database } from '../src/data/connection.ts';
import { MIGRATING } from '../src/data/deadlines.ts';
import { upgrade } from '../src/data/migrations/run.ts';

/**
 * Invoked at each deployment: applies pending migrations. Returns those applied and, as
 * `unfinished`, one that it had no time to finish, which the next call continues; and which Node runs
 * here, with or without its code cache.
 */
export const handler = serveSchedule(
  'migrate',
  async ({ log }, timeLeft) => {
    const tell = (line: string) => log.info(line.trim());
    const { done, unfinished } = await upgrade(database(), migrations, 'head', { tell, timeLeft });
    const { codeCache } = config;
    return { applied: done, ...(unfinished && { unfinished }), node: process.version, codeCache };
  },
  MIGRATING,
);
