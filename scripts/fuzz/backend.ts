import { join } from 'node:path';
import { toStderr } from '../../src/local/log.ts';
import { readSettings } from '../../src/local/settings.ts';
import { startStack } from '../../src/local/stack/stack.ts';
import { Problem } from '../demo/problem.ts';

/** The stack that is fuzzed. */
export interface Backend {
  api: string;
  mongodb: string;
  stop(): Promise<void>;
}

/** Finds the stack at `API_URL` and `MONGODB_URI`, or starts one on a folder in `dir`. */
export async function findBackend(root: string, dir: string): Promise<Backend> {
  const { env } = process;
  const api = env.API_URL?.replace(/\/+$/, '');
  if (api) {
    if (!env.MONGODB_URI) {
      throw new Problem(
        `Set MONGODB_URI to the database of ${api}: the run creates an administrator there.`,
      );
    }
    return { api, mongodb: env.MONGODB_URI, stop: async () => undefined };
  }
  // It uses no service that the user has named, so that only this stack is fuzzed.
  for (const name of ['MONGODB_URI', 'S3_ENDPOINT', 'MEDIA_BUCKET', 'KEY_BUCKET']) delete env[name];
  env.CALLS_PER_MINUTE = '1000000';
  env.REGISTRATIONS_PER_MINUTE = '1000000';
  env.LOG_LEVEL ||= 'ERROR';
  const settings = readSettings(root, { PORT: '0', DATA_DIR: join(dir, 'data') }, []);
  const { state, stop } = await startStack(settings, toStderr);
  return { api: state.api, mongodb: state.mongodb, stop };
}
