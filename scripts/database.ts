// Connects admin and migrate to `MONGODB_URI`, or else to the database of the running local stack.
import { fileURLToPath } from 'node:url';
import { BACKGROUND } from '../src/data/deadlines.ts';
import { Refusal } from '../src/local/refusal.ts';
import { readSettings } from '../src/local/settings.ts';
import { readState } from '../src/local/stack/state.ts';
import { makeThrowawayKey } from './docs/key.ts';

/**
 * Connects, runs `work` and disconnects. If it throws, the message is printed and the exit code is
 * 1. Models may be imported only within `work`, because they read the settings that are made here.
 */
export async function withDatabase(
  work: () => Promise<void>,
  patience = BACKGROUND,
): Promise<void> {
  try {
    completeSettings();
    const { connect, disconnect } = await import('../src/data/connection.ts');
    await connect(patience);
    await work().finally(disconnect);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * Sets what the configuration requires. Only the database is used; the other settings need only
 * exist.
 */
function completeSettings(): void {
  const { env } = process;
  env.LOG_LEVEL ??= 'WARN';
  if (env.SECRETS_ID) return; // the settings of the deployed functions
  env.MONGODB_URI ||= findLocalDatabase();
  env.MEDIA_BUCKET ??= 'none';
  env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
  env.TOKEN_KEYS ??= JSON.stringify([makeThrowawayKey()]);
}

function findLocalDatabase(): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { dir } = readSettings(root, { ...process.env, PORT: '0' }, []);
  const state = readState(dir);
  if (state) return state.mongodb;
  throw new Refusal(`Nothing runs on ${dir}: start it with npm start, or set MONGODB_URI.`);
}
