import '../harness/place.ts';
import { beforeEach, expect, test, vi } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { claim, LEASE } from '../../src/services/jobs/claim.ts';
import type { JobType } from '../../src/services/jobs/job-type.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { passTime } from '../harness/clocks.ts';
import { replaceRun } from '../harness/job-types.ts';
import { place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

/** The most that a worker is waited for, in ms. */
const SOON = 10_000;

// Whoever claims, claims from all there are: a test begins with none.
beforeEach(async () => {
  await Job.collection.deleteMany({});
});

const later = (ms = 0): Ctx => ({ ...systemCtx('test'), clock: () => Date.now() + ms });
const waits = () => enqueue(later(), sweep, { input: { entity: 'Project', documents: [] } });
const read = async () => (await Job.collection.findOne()) as unknown as JobDoc;
const works = (run: JobType['run'], ms = 0) =>
  workOnce(later(ms), replaceRun('sweep', run), () => 900_000);

test('the lease of a run that has no progress to tell is renewed all the same', async () => {
  await waits();
  const endOfLease = async () => (await read()).lease?.until.getTime() ?? 0;
  await works(async () => {
    const before = await endOfLease();
    passTime(6000);
    await until('it is renewed', async () => (await endOfLease()) > before, SOON);
    return {};
  });
  expect((await read()).status).toBe('COMPLETED');
});

test('a run is stopped when its lease is over and could not be renewed, and ends nothing', async () => {
  await waits();
  await works(async ({ signal }) => {
    const away = vi.spyOn(Job.collection, 'updateOne').mockRejectedValue(new Error('away'));
    passTime(LEASE + 1000);
    await until('it is stopped', () => signal.aborted, SOON).finally(() => away.mockRestore());
    throw signal.reason;
  });
  expect(await read()).toMatchObject({ status: 'RUNNING', attempts: 0, losses: 0 });
});

test('each lease that runs out is counted, and after 25 of them the next worker ends the job', async () => {
  await waits();
  for (let lost = 0; lost <= 25; lost++) {
    const it = await claim(later(lost * (LEASE + 1)), 'lost', jobTypes);
    expect(it?.job.losses).toBe(lost);
  }
  await works(() => Promise.reject(new Error('It is not run.')), 26 * (LEASE + 1));
  expect(await read()).toMatchObject({ status: 'FAILED', error: { code: 'WORKER_LOST' } });
});

test('an input that was stored before, and that its type does not take, is not run', async () => {
  await waits();
  await Job.collection.updateOne({}, { $set: { input: { entity: 5 } } });
  const run = vi.fn(async () => ({}));
  await works(run);
  expect(run).not.toHaveBeenCalled();
  expect(await read()).toMatchObject({
    status: 'QUEUED',
    attempts: 1,
    error: { code: 'INTERNAL' },
  });
});
