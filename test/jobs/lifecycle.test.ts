import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import '../../src/models/index.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { JobFailure, type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { readGraph, readOutlook } from '../../src/services/jobs/outlook.ts';
import { measurePace } from '../../src/services/jobs/pace.ts';
import { enqueue, type NewJob } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { reconcile } from '../../src/services/maintenance/reconcile.ts';
import { readDatabaseTime } from '../harness/database-time.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const step: JobType = { name: 'step', input: Joi.object().unknown(), run: async () => ({}) };
const types = listJobTypes(step);
const withRun = (run: JobType['run']) => listJobTypes({ ...step, run });
const later = (ms = 0): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const queues = (more: Partial<NewJob<object>> = {}) =>
  enqueue(later(), step, { input: {}, ...more });
const works = (by = types, ms = 0) => workOnce(later(ms), by, () => 900_000);
const stored = async ({ _id }: { _id: UUID }) =>
  (await Job.collection.findOne({ _id })) as unknown as JobDoc;
const statuses = async (...jobs: JobDoc[]) =>
  (await Promise.all(jobs.map(stored))).map(({ status }) => status);

beforeEach(async () => {
  await Job.collection.deleteMany({});
});

test('a job waits for others, and runs when the last of them has completed', async () => {
  const [first, second] = [await queues(), await queues()];
  const last = await queues({ after: [first._id, second._id] });
  expect(await stored(last)).toMatchObject({ status: 'QUEUED', waitsFor: 'JOBS' });
  await works();
  expect(await statuses(first, second, last)).toEqual(['COMPLETED', 'QUEUED', 'QUEUED']);
  expect(await stored(last)).toMatchObject({ waitsFor: 'JOBS' });
  await works();
  expect(await works()).toBe('DONE');
  expect(await works()).toBe('IDLE');
  expect(await statuses(first, second, last)).toEqual(Array(3).fill('COMPLETED'));
  // What has completed already is not waited for.
  const more = await queues({ after: [first._id] });
  expect(await stored(more)).toMatchObject({ waitsFor: 'WORKER' });
});

test('a job that fails, or is cancelled, takes along those that wait for it, and a graph says so', async () => {
  const first = await queues();
  const second = await queues({ after: [first._id] });
  const third = await queues({ after: [second._id] });
  const graph = async () => readGraph(later(), await stored(second));
  expect(await graph()).toMatchObject({ status: 'QUEUED', progress: 0, isComplete: true });
  expect((await graph()).jobs.map(({ _id }) => _id)).toEqual([first._id, second._id, third._id]);
  await works(withRun(() => Promise.reject(new JobFailure('BROKEN', 'It is broken.'))));
  expect(await statuses(first, second, third)).toEqual(Array(3).fill('FAILED'));
  expect((await stored(third)).error?.code).toBe('DEPENDENCY_FAILED');
  expect((await graph()).status).toBe('FAILED');
  await expect(retryJob(later(), types, { _id: second._id })).rejects.toMatchObject({
    code: 'INVALID_STATE',
  });
  for (const { _id } of [first, second, third]) await retryJob(later(), types, { _id });
  expect(await stored(third)).toMatchObject({ waitsFor: 'JOBS' });
  while ((await works()) !== 'IDLE');
  expect((await graph()).status).toBe('COMPLETED');
});

test('a job that completes while another begins to wait for it is never waited for in vain', async () => {
  for (let n = 0; n < 10; n++) {
    const first = await queues();
    const [last] = await Promise.all([queues({ after: [first._id] }), works()]);
    while ((await works()) !== 'IDLE');
    expect((await stored(last)).status).toBe('COMPLETED');
  }
});

test('of jobs with one key the newer joins the open one, or takes its place', async () => {
  const user = newId(Date.now());
  const joins = { user, unique: { key: 'k', by: 'joins' as const } };
  const first = await queues(joins);
  expect((await queues(joins))._id).toEqual(first._id);
  expect((await queues({ ...joins, user: newId(Date.now()) }))._id).not.toEqual(first._id);
  const waits = await queues({ user, after: [first._id] });
  const newer = await queues({ user, unique: { key: 'k', by: 'supersedes' } });
  expect(await statuses(first, newer)).toEqual(['CANCELLED', 'QUEUED']);
  expect(await stored(waits)).toMatchObject({ waitsFor: 'JOBS', pending: [newer._id.toString()] });
  while ((await works()) !== 'IDLE');
  expect(await statuses(newer, waits)).toEqual(['COMPLETED', 'COMPLETED']);
  expect((await queues(joins))._id).not.toEqual(newer._id);
});

test('a graph in which a newer job took the place of one is as that is, at either end', async () => {
  const user = newId(Date.now());
  const unique = (by: 'joins' | 'supersedes') => ({ user, unique: { key: 's', by } });
  const first = await queues({ user });
  const old = await queues({ ...unique('joins'), after: [first._id] });
  const [last, failed] = [
    await queues({ user, after: [old._id] }),
    await queues({ user, after: [old._id] }),
  ];
  await cancelJob(later(), types, { _id: failed._id });
  const newer = await queues({ ...unique('supersedes'), after: [first._id] });
  await retryJob(later(), types, { _id: failed._id });
  expect(await stored(failed)).toMatchObject({ waitsFor: 'JOBS', after: [newer._id.toString()] });
  while ((await works()) !== 'IDLE');
  const members = [first, last, failed, newer].map(({ _id }) => _id.toString()).toSorted();
  for (const one of [first, last, newer]) {
    const { status, progress, jobs } = await readGraph(later(), await stored(one));
    expect([status, progress]).toEqual(['COMPLETED', 100]);
    expect(jobs.map(({ _id }) => _id.toString()).toSorted()).toEqual(members);
  }
  // The old one is shown to whoever asks for it, with what it waited for.
  expect(await stored(old)).toMatchObject({ supersededBy: newer._id.toString() });
  expect((await readGraph(later(), await stored(old))).status).toBe('CANCELLED');
});

test('a job that was not done by its deadline has failed: waiting, at its claim, or running', async () => {
  const within = async (ms: number) => new Date((await readDatabaseTime()) + ms);
  const kept = (await given.user()).id;
  const waiting = await queues({ delay: 60, deadline: await within(5) });
  const late = await queues({ deadline: await within(1000) });
  await works(types, 5000);
  const running = await queues({ deadline: await within(1000) });
  const run: JobType['run'] = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  await works(withRun(run));
  await reconcile(systemCtx('test'));
  expect(kept).toBeTruthy();
  for (const job of [waiting, late, running])
    expect(await stored(job)).toMatchObject({
      status: 'FAILED',
      error: { code: 'DEADLINE_EXCEEDED' },
    });
});

test('a cancelled run is stopped within 5 s, also one that does not heed its signal', async () => {
  const job = await queues();
  let cancelledAt = 0;
  const run: JobType['run'] = async () => {
    await cancelJob(later(), types, { _id: job._id });
    cancelledAt = performance.now();
    return new Promise(() => undefined);
  };
  expect(await works(withRun(run))).toBe('STUCK');
  expect(performance.now() - cancelledAt).toBeLessThan(5000);
  expect((await stored(job)).status).toBe('CANCELLED');
});

test('a job says where it stands, and what it waits for', async () => {
  const [alice, bob] = [newId(Date.now()), newId(Date.now())];
  const own = [];
  for (let n = 0; n < 3; n++) own.push(await queues({ user: alice }));
  const other = await queues({ user: bob });
  const positions = [];
  for (const job of [...own, other])
    positions.push((await readOutlook(await stored(job))).position);
  // Bob comes before what Alice has beside her first.
  expect(positions[2]).toBe(4);
  expect(positions[3]).toBeLessThanOrEqual(2);
  const tomorrow = await queues({ delay: 86_400 });
  expect(await readOutlook(await stored(tomorrow))).toMatchObject({
    waitsFor: 'TIME',
    position: null,
    reason: expect.stringContaining('does not run before'),
  });
});

test('progress tells its rate, and how long it still takes', () => {
  let now = 0;
  const pace = measurePace(0, () => now);
  expect(pace.read()).toEqual({});
  now = 10_000;
  pace.note(20);
  expect(pace.read()).toEqual({ rate: 2, secondsLeft: 40 });
  // Later stages may be slower: only the last half minute counts.
  for (let n = 1; n <= 30; n++) {
    now += 10_000;
    pace.note(20 + n);
  }
  expect(pace.read()).toEqual({ rate: 0.1, secondsLeft: 500 });
});
