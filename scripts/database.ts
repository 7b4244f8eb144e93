// Connects scripts such as admin, audit and migrate to `MONGODB_URI`, or else to the running local stack.
import { fileURLToPath } from 'node:url';
import { BACKGROUND } from '../src/data/deadlines.ts';
import { LOCAL_BUCKET, nameAuditBucket, nameKeyBucket } from '../src/local/bucket.ts';
import { Refusal } from '../src/local/refusal.ts';
import { loadSecrets } from '../src/local/secrets.ts';
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
 * Sets what the configuration requires. With a connection string alone only the database is used; the other
 * settings need only exist.
 */
function completeSettings(): void {
  const { env } = process;
  env.LOG_LEVEL ??= 'WARN';
  if (env.SECRETS_ID) return; // the settings of the deployed functions
  if (!env.MONGODB_URI) useLocalStack(env);
  env.MEDIA_BUCKET ??= 'none';
  env.APP_SECRET ??= Buffer.alloc(32).toString('base64');
  env.TOKEN_KEYS ??= JSON.stringify([makeThrowawayKey()]);
}

/** Takes the addresses of what runs on this machine, and its secrets, which open what is encrypted there. */
function useLocalStack(env: NodeJS.ProcessEnv): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { dir } = readSettings(root, { ...env, PORT: '0' }, []);
  const state = readState(dir);
  if (!state)
    throw new Refusal(`Nothing runs on ${dir}: start it with npm start, or set MONGODB_URI.`);
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...keys } = loadSecrets(dir);
  // On the user's own S3 server the user's own keys are used.
  const isOwn = !env.S3_ENDPOINT;
  const media = env.MEDIA_BUCKET || LOCAL_BUCKET;
  Object.assign(env, {
    ...keys,
    ...(isOwn && { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, S3_ENDPOINT: state.s3 }),
    MONGODB_URI: state.mongodb,
    MEDIA_BUCKET: media,
    KEY_BUCKET: nameKeyBucket(media),
    AUDIT_BUCKET: nameAuditBucket(media),
  });
}
