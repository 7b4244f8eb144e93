import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { makeEnvironment } from '../../src/local/environment.ts';
import { startGateway } from '../../src/local/http/gateway.ts';
import { startWorker, type Worker } from '../../src/local/worker.ts';
import { askPlace } from './ask-place.ts';

// Everything a test file needs of its own, ready before its first line: imported first of all, because
// what reads the environment reads it when it is imported.
const deployment = inject('deployment');
const { queues, mongodb, ...own } = askPlace(inject('places'));
const unknown = 'http://localhost:4000'; // where the functions answer is known once they do
const tools = { ...inject('tools'), mongodb };
const env = makeEnvironment(tools, deployment, queues, { ...own, apiUrl: unknown });
const mailDir = join(tools.mailDir, own.database);
Object.assign(process.env, env, {
  LOG_LEVEL: process.env.TEST_LOG ?? 'SILENT',
  MAIL_DIR: mailDir,
  // A test file may have put others in the way of its functions.
  S3_ENDPOINT: process.env.TEST_S3_ENDPOINT ?? env.S3_ENDPOINT,
  STRIPE_API_BASE: process.env.TEST_STRIPE_API_BASE ?? env.STRIPE_API_BASE,
  SQS_ENDPOINT: process.env.TEST_SQS_ENDPOINT ?? env.SQS_ENDPOINT,
});

const { connect, disconnect } = await import('../../src/data/connection.ts');
const { BACKGROUND } = await import('../../src/data/deadlines.ts');
// On a machine that is busy with many tests the database may take its time.
await connect(BACKGROUND);
const gateway = await startGateway({ deployment, mailDir });
process.env.API_URL = gateway.url;

/** Where the functions of this test file answer. */
export const api = gateway.url;

let hasWorker = true;

/**
 * Says what the place of this test file is like, before its tests run. Without a worker, nobody takes jobs
 * and S3 events off their queues: a test does so by hand, in an order of its own.
 */
export function place({ worker }: { worker: boolean }): void {
  hasWorker = worker;
}

/** Whether the functions of queues run by themselves here. */
export const isServed = () => hasWorker;

let work: Worker | undefined;

beforeAll(async () => {
  // A worker without functions: it takes S3 events, which would be kept for one otherwise, and does nothing.
  const served = hasWorker ? deployment : { ...deployment, functions: [] };
  work = await startWorker({ deployment: served, env, clock: false });
});

afterAll(async () => {
  await Promise.all([gateway.stop(), work?.stop()]);
  await disconnect();
});
