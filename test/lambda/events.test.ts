import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { makeEvent } from '../../bench/event.ts';
import { sqsEvent } from '../harness/invocations.ts';
import { times } from '../harness/times.ts';
import { PASSWORD, startLambda } from './support/cloud.ts';
import { findEmulator } from './support/emulator.ts';
import { startEnvironment } from './support/environment.ts';

// Without a worker: each event is handed over here.
let lambda: Awaited<ReturnType<typeof startLambda>>;
beforeAll(async () => {
  lambda = await startLambda({ worker: false });
});
afterAll(() => lambda?.stop());

const doorbells = (n = 10) => sqsEvent(...times(n, () => '{}'));

/**
 * The next so many commands of a kind on a collection fail; of several at once MongoDB may fail one or two
 * more. @returns counts those that have failed
 */
async function failNext(count: number, command: string, collection: string) {
  const { client, databaseName } = lambda.database;
  const data = {
    failCommands: [command],
    namespace: `${databaseName}.${collection}`,
    errorCode: 96,
  };
  const admin = client.db('admin');
  const set = async (mode: unknown): Promise<number> =>
    (await admin.command({ configureFailPoint: 'failCommand', mode, data })).count;
  const before = await set({ times: count });
  onTestFinished(async () => void (await set('off')));
  return async () => (await set('off')) - before;
}

test('of ten doorbells for jobs none fails when there is nothing to do', async () => {
  expect(await lambda.invoke('runMediaJobs', doorbells())).toEqual({ batchItemFailures: [] });
});

test('of ten doorbells for jobs only those that failed are reported, to come again', async () => {
  const countFailed = await failNext(3, 'findAndModify', 'jobs');
  const answer = await lambda.invoke('runMediaJobs', doorbells());
  const failed = (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures;
  const count = await countFailed();
  expect(count).toBeGreaterThanOrEqual(3);
  expect(count).toBeLessThan(10);
  expect(failed).toHaveLength(count);
  for (const { itemIdentifier } of failed) expect(itemIdentifier).toMatch(/^m\d$/);
  expect(lambda.packaged.log('runMediaJobs')).toContain('A message could not be handled.');
});

test('ten doorbells for the audit chain are one run, and fail as a whole', async () => {
  const body = { email: 'a@example.com', username: 'audited', password: PASSWORD };
  const event = makeEvent({ method: 'POST', path: '/v1/auth/register', body });
  expect(await lambda.invoke('auth', event)).toMatchObject({ statusCode: 201 });
  const chained = () =>
    lambda.database.collection('auditEvents').countDocuments({ sequence: { $gt: 0 } });
  expect(await chained()).toBe(0);
  await failNext(1, 'find', 'auditEvents');
  await expect(lambda.invoke('sealAudit', doorbells())).rejects.toThrow();
  expect(await lambda.invoke('sealAudit', doorbells())).toBeNull();
  expect(await chained()).toBeGreaterThan(0);
});

test('an event of S3 that is none of ours fails, and a test event does not', async () => {
  expect(await lambda.invoke('mediaUploaded', { Event: 's3:TestEvent' })).toBeNull();
  await expect(lambda.invoke('mediaUploaded', {})).rejects.toThrow('no S3 event notification');
});

test('the emulator refuses an answer over 6 MB, as Lambda does', async () => {
  const code = mkdtempSync(join(tmpdir(), 'mixdown-large-'));
  mkdirSync(join(code, 'functions'));
  const source = `export const handler = ({ bytes }) => 'x'.repeat(bytes);`;
  writeFileSync(join(code, 'functions/large.mjs'), source);
  const fn = { name: 'large', timeout: 20, memory: 1024 };
  const large = await startEnvironment(
    await findEmulator(),
    code,
    'functions/large.handler',
    fn,
    {},
  );
  onTestFinished(async () => {
    await large.stop();
    rmSync(code, { recursive: true });
  });
  expect(await large.invoke({ bytes: 6_000_000 })).toHaveLength(6_000_000);
  await expect(large.invoke({ bytes: 6_300_000 })).rejects.toThrow('ResponseSizeTooLarge');
});
