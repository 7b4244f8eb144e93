import '../harness/place.ts';
import { beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { claim, LEASE } from '../../src/services/jobs/claim.ts';
import { failRun } from '../../src/services/jobs/fail.ts';
import { sendHeartbeat } from '../../src/services/jobs/heartbeat.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { withClockAhead } from '../harness/clocks.ts';
import { place } from '../harness/place.ts';
import { startShifted } from '../harness/shifted-process.ts';
import { until } from '../harness/until.ts';
import type { Said } from './worker.ts';

place({ worker: false });

const MINUTES = 60_000;
const ctx = () => systemCtx('test');
const waits = () => enqueue(ctx(), sweep, { input: { entity: 'Project', documents: [] } });
const claims = () => claim(ctx(), 'worker', jobTypes);
const readJobs = async () => (await Job.collection.find().toArray()) as unknown as JobDoc[];

beforeEach(async () => {
  await Job.collection.deleteMany({});
});

test('workers ten minutes ahead and behind take each job once, at once, and no live job of another', async () => {
  const workers = [10, -10, 0].map((ahead) => startShifted<Said>('worker', ahead * MINUTES));
  const saidByAll = () => workers.flatMap(({ said }) => said);
  const begun = () => saidByAll().filter((said) => said !== 'idle');
  await until('each of them has enqueued a job, and all have begun', () => begun().length >= 3);
  await until('their claims were renewed', async () =>
    (await readJobs()).every(({ progress }) => progress === 10),
  );
  // Each has a hand free, unless it works on two.
  const before = saidByAll().length;
  await until('they have looked for more', () => saidByAll().length > before + 100);
  for (const { tell } of workers) tell('end');
  await until('all are done', async () =>
    (await readJobs()).every(({ status }) => status === 'COMPLETED'),
  );
  expect(begun()).toHaveLength(3);
  const jobs = await readJobs();
  expect(jobs.map(({ losses, attempts }) => [losses, attempts])).toEqual(Array(3).fill([0, 0]));
});

test.each([10, -10])(
  'a job that a host enqueues whose clock is %i minutes ahead is due at once, and first where it was first',
  async (ahead) => {
    const first = await withClockAhead(ahead * MINUTES, waits);
    await waits();
    expect((await claims())?.job._id).toEqual(first._id);
  },
);

test.each([10, -10])(
  'a worker whose clock is %i minutes ahead leaves a job whose lease holds, and takes one whose lease is over',
  async (ahead) => {
    await waits();
    const it = await withClockAhead(ahead * MINUTES, claims);
    if (!it) throw new Error('It was not due.');
    expect(await claims()).toBeNull();
    await sendHeartbeat(ctx(), jobTypes, it, 10, 'decode');
    await withClockAhead(ahead * MINUTES, async () => expect(await claims()).toBeNull());
    await withClockAhead(ahead * MINUTES, () => sendHeartbeat(ctx(), jobTypes, it, 20, 'decode'));
    expect(await claims()).toBeNull();
    const { lease } = (await readJobs())[0] as { lease: { until: Date } };
    expect(Math.abs(lease.until.getTime() - Date.now() - LEASE)).toBeLessThan(LEASE);
    await Job.collection.updateOne({}, { $set: { 'lease.until': new Date(Date.now() - 1) } });
    expect((await withClockAhead(ahead * MINUTES, claims))?.token).toBe(it.token + 1);
  },
);

test.each([10, -10])(
  'a failed job waits for its backoff, on a host whose clock is %i minutes ahead',
  async (ahead) => {
    await waits();
    const it = await claims();
    if (!it) throw new Error('It was not due.');
    const error = { code: 'BROKEN', message: 'It broke.', retryable: true };
    await withClockAhead(ahead * MINUTES, () => failRun(ctx(), jobTypes, it, error));
    expect(await claims()).toBeNull();
    await withClockAhead(10 * MINUTES, async () => expect(await claims()).toBeNull());
    const later = { ...ctx(), clock: () => Date.now() + 5000 };
    expect(await claim(later, 'worker', jobTypes)).not.toBeNull();
  },
);

test('the audit entry of a job that is tried again tells when, as the job does', async () => {
  const { _id } = await withClockAhead(10 * MINUTES, waits);
  const it = await claims();
  if (!it) throw new Error('It was not due.');
  await failRun(ctx(), jobTypes, it, { code: 'BROKEN', message: 'It broke.', retryable: true });
  const found = await Job.collection.findOne({ _id });
  const told = found?.outbox.map((entry: { changes: { path: string; after: Date }[] }) =>
    entry.changes.find(({ path }) => path === 'runAfter'),
  );
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ before: told[0].after, after: found?.runAfter });
});
