import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, inject } from 'vitest';
import { createPlace, readDeployment, startFunctions } from '../../src/local/cloud.ts';

// Everything a test file needs of its own, ready before its first line: imported first of all.
const deployment = readDeployment(fileURLToPath(new URL('../..', import.meta.url)));
const name = `t${randomBytes(6).toString('hex')}`;
const env = await createPlace(inject('tools'), deployment, name);
Object.assign(process.env, env, { LOG_LEVEL: process.env.TEST_LOG ?? 'SILENT' });

const { connect, database, disconnect } = await import('../../src/data/connection.ts');
const { upgrade } = await import('../../src/data/migrations/run.ts');
const { migrations } = await import('../../migrations/index.ts');
await connect();
await upgrade(database(), migrations);
// A test that works jobs and events off by hand, in an order of its own, has no worker beside it.
const worker = process.env.TEST_WORKER !== 'off';
const functions = await startFunctions({ env, deployment, worker });

/** Where the functions of this test file answer. */
export const api = functions.url;

afterAll(async () => {
  await functions.stop();
  await database().dropDatabase();
  await disconnect();
});
