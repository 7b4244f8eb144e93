// The database that admin and migrate work on: `MONGODB_URI`, or the one of the running local stack.
import { fileURLToPath } from 'node:url';
import { BACKGROUND } from '../src/data/deadlines.ts';
import { Refusal } from '../src/local/refusal.ts';
import { readSettings } from '../src/local/settings.ts';
import { readState } from '../src/local/stack/state.ts';
import { throwawayKey } from './docs/key.ts';

/**
 * Connects, runs `work`, disconnects. What it throws is told in a sentence, and the exit code is 1.
 * Models may be imported within `work` only: they read the settings made here.
 */
export async function withDatabase(
  work: () => Promise<void>,
  patience = BACKGROUND,
): Promise<void> {
  try {
    settle();
    const { connect, disconnect } = await import('../src/data/connection.ts');
    await connect(patience);
    await work().finally(disconnect);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** Only the database is reached: of the other settings it is enough that they are there. */
function settle(): void {
  const { env } = process;
  env.LOG_LEVEL ??= 'WARN';
  if (env.SECRETS_ID) return; // the deployed functions' own settings
  env.MONGODB_URI ||= localDatabase();
  env.MEDIA_BUCKET ??= 'none';
  env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
  env.TOKEN_KEYS ??= JSON.stringify([throwawayKey()]);
}

function localDatabase(): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { dir } = readSettings(root, { ...process.env, PORT: '0' }, []);
  const state = readState(dir);
  if (state) return state.mongodb;
  throw new Refusal(`Nothing runs on ${dir}: start it with npm start, or set MONGODB_URI.`);
}
