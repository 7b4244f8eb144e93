import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import '../../src/models/index.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { admitLimited } from '../../src/services/jobs/admit.ts';
import { claim } from '../../src/services/jobs/claim.ts';
import { completeJob } from '../../src/services/jobs/complete.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import { failRun } from '../../src/services/jobs/fail.ts';
import type { Claim } from '../../src/services/jobs/held.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue, putBack } from '../../src/services/jobs/queue.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const common = { input: Joi.object().unknown(), run: async () => ({}) };
const provider = { name: 'gpu', atOnce: 3 };
const draw: JobType = { ...common, name: 'draw', limits: { eachUser: 2, provider } };
const sing: JobType = { ...common, name: 'sing', limits: { all: 2, provider } };
const types = listJobTypes(draw, sing);
const ctx = systemCtx('test');
const someone = () => newId(Date.now());
const queues = (type: JobType, user: UUID) => enqueue(ctx, type, { input: {}, user });
const stored = async ({ _id }: { _id: UUID }) =>
  (await Job.collection.findOne({ _id })) as unknown as JobDoc;
const later = (ms: number) => ({ ...ctx, clock: () => Date.now() + ms });

async function claimAll(): Promise<Claim[]> {
  const all: Claim[] = [];
  for (let found: (Claim | null)[] = [null]; found.length > 0; ) {
    const asked = Array.from({ length: 8 }, (_, n) => claim(ctx, `w${n}`, types));
    found = (await Promise.all(asked)).filter((it) => it !== null);
    all.push(...(found as Claim[]));
  }
  return all;
}

const countBy = (claims: Claim[]) => ({
  ...Object.fromEntries(
    [...Map.groupBy(claims, ({ job }) => job.type)].map(([type, all]) => [type, all.length]),
  ),
});

beforeEach(async () => {
  await Job.collection.deleteMany({});
});

test('of a user, a type and a provider as many jobs run at once as may, however many workers ask', async () => {
  const [alice, bob] = [someone(), someone()];
  for (let n = 0; n < 5; n++) await queues(draw, alice);
  expect(countBy(await claimAll())).toEqual({ draw: 2 });
  for (let n = 0; n < 5; n++) await queues(sing, bob);
  // The provider takes three.
  expect(countBy(await claimAll())).toEqual({ sing: 1 });
  const waits = await Job.collection.distinct('waitsForLimit', { status: 'QUEUED' });
  expect(waits.length).toBeGreaterThanOrEqual(1);
});

test('whatever ends a job frees its slot for the one whose turn it is', async () => {
  const alice = someone();
  const jobs = [];
  for (let n = 0; n < 6; n++) jobs.push(await queues(draw, alice));
  const ends: ((it: Claim) => Promise<unknown>)[] = [
    (it) => completeJob(ctx, draw, it, async () => ({})),
    (it) => failRun(ctx, types, it, { code: 'GONE', message: 'Gone.', retryable: false }),
    (it) => cancelJob(ctx, types, { _id: it.job._id }),
    (it) => failRun(ctx, types, it, { code: 'AWAY', message: 'Away.', retryable: true }),
  ];
  let running = await claimAll();
  for (const end of ends) {
    const [it] = running as [Claim];
    await end(it);
    expect(await stored(it.job)).not.toHaveProperty('slots');
    const next = await claimAll();
    expect(next).toHaveLength(1);
    running = [...running.slice(1), ...next];
  }
  expect(running.map(({ job }) => job._id)).toEqual(jobs.slice(4).map(({ _id }) => _id));
});

test('a job that looks again later keeps its slot meanwhile: its provider works on', async () => {
  const alice = someone();
  for (let n = 0; n < 3; n++) await queues(draw, alice);
  const [it] = (await claimAll()) as [Claim];
  await putBack(ctx, it, 60);
  expect(await claimAll()).toEqual([]);
  // The other one's lease is over by then, too.
  const again = [];
  for (let n = 0; n < 2; n++) again.push((await claim(later(61_000), 'worker', types))?.job._id);
  expect(again).toContainEqual(it.job._id);
});

test('a slot that a crash left free is found, as reconcile looks', async () => {
  const alice = someone();
  for (let n = 0; n < 3; n++) await queues(draw, alice);
  const [it] = (await claimAll()) as [Claim];
  // As if its worker had died between the end of the job and what follows.
  const ended = { status: 'COMPLETED', completedAt: new Date() };
  await Job.collection.updateOne({ _id: it.job._id }, { $set: ended, $unset: { slots: 1 } });
  expect(await claimAll()).toEqual([]);
  await admitLimited(ctx);
  expect(await claimAll()).toHaveLength(1);
});
