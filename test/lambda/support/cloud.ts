import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { MongoClient } from 'mongodb';
import { inject } from 'vitest';
import { makeAppSecret, makeTokenKey } from '../../../src/crypto/new-keys.ts';
import { createPlace, migrate, startFunctions } from '../../../src/local/cloud.ts';
import { startKms } from '../../harness/kms.ts';
import { startSecretsManager } from '../../harness/secrets-manager.ts';
import { preparePackaged } from './functions.ts';

type Json = Record<string, unknown>;

const SECRETS_ID = 'mixdown/test';

/** Of everybody in these tests. */
export const PASSWORD = 'correct horse battery staple';

/**
 * The packaged functions behind the local cloud's HTTP API, S3 events and queues, with a migrated database,
 * a bucket, queues and a Secrets Manager of their own.
 */
export async function startLambda({ worker }: { worker: boolean }) {
  const deployment = inject('deployment');
  const name = `lambda${randomBytes(6).toString('hex')}`;
  const place = await createPlace(inject('tools'), deployment, name);
  const { MONGODB_URI = '', TOKEN_KEYS, APP_SECRET, SECRETS_FILE, ...settings } = place;
  const [manager, kms] = await Promise.all([startSecretsManager(), startKms()]);
  const { SEALING_KEY_ARN = '', AWS_ENDPOINT_URL_KMS = '' } = process.env; // as startKms has set them
  const keys = {
    TOKEN_KEYS: [makeTokenKey(new Date().toISOString())],
    APP_SECRET: makeAppSecret(),
  };
  const save = (secrets: object) =>
    manager.secrets.set(SECRETS_ID, JSON.stringify({ MONGODB_URI, ...secrets }));
  save(keys);
  const packaged = await preparePackaged({
    ...settings,
    ...manager.env,
    ...{ STAGE: 'test', LOG_LEVEL: 'INFO', CORS_ORIGINS: '', SECRETS_ID },
    ...{ SEALING_KEY_ARN, AWS_ENDPOINT_URL_KMS },
    // The layers', which are in /opt on Lambda.
    FFMPEG_PATH: resolve('layers/ffmpeg/bin/ffmpeg'),
    FONTS_PATH: resolve('layers/fonts/fonts'),
  });
  await migrate(deployment, packaged.load);
  const functions = await startFunctions({
    ...{ env: place, deployment, worker },
    load: packaged.load,
  });
  const client = await MongoClient.connect(MONGODB_URI);
  return {
    keys,
    save,
    manager,
    packaged,
    database: client.db(),
    call: (method: string, path: string, given: Given = {}) =>
      call(functions.url, method, path, given),
    /** Calls a function as AWS does, with an event. */
    async invoke(fn: string, event: unknown): Promise<unknown> {
      const found = deployment.functions.find((one) => one.name === fn);
      if (!found) throw new Error(`There is no function ${fn}.`);
      const handler = await packaged.load(found);
      return handler(event, undefined as never); // the emulator makes the context
    },
    async stop(): Promise<void> {
      await functions.stop();
      await Promise.all([packaged.stop(), client.close()]);
      manager.stop();
      kms.stop();
    },
  };
}

interface Given {
  token?: string | undefined;
  body?: unknown;
}

async function call(url: string, method: string, path: string, { token, body }: Given) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: (text ? JSON.parse(text) : {}) as Json };
}
