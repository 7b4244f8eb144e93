import '../harness/place.ts';
import Joi from 'joi';
import { beforeEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, type UUID } from '../../src/data/ids.ts';
import '../../src/models/index.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { JobTurn } from '../../src/models/jobs/job-turn.ts';
import { claim } from '../../src/services/jobs/claim.ts';
import { completeJob } from '../../src/services/jobs/complete.ts';
import { cancelJob } from '../../src/services/jobs/control.ts';
import type { Claim } from '../../src/services/jobs/held.ts';
import { type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';
import { enqueue, type NewJob } from '../../src/services/jobs/queue.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const work: JobType = { name: 'work', input: Joi.object().unknown(), run: async () => ({}) };
const render: JobType = { ...work, name: 'render', queue: 'render' };
const types = listJobTypes(work, render);
const ctx = systemCtx('test');
const someone = () => newId(Date.now());
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

const queues = (user: UUID | undefined, name: string, more: Partial<NewJob<object>> = {}) =>
  enqueue(ctx, work, { input: { name }, ...(user && { user }), ...more });

/** So many workers claim at once; what they found, by name. */
async function claimAll(count: number): Promise<Claim[]> {
  const found = await Promise.all(range(count).map((n) => claim(ctx, `w${n}`, types, 'MEDIA')));
  return found.filter((it) => it !== null);
}

const nameOf = ({ job }: Claim) => (job.input as { name: string }).name;
const completes = (it: Claim) => completeJob(ctx, work, it, async () => ({}));

/** The names of all that wait, in the order in which one worker takes them. */
async function order(): Promise<string[]> {
  const names: string[] = [];
  for (let found = await claimAll(1); found.length > 0; found = await claimAll(1))
    names.push(...found.map(nameOf));
  return names;
}

beforeEach(async () => {
  await Job.collection.deleteMany({});
  await JobTurn.collection.deleteMany({});
});

test.each([1, 4, 7])(
  'behind 1,000 jobs of one user the k-th of 20 others begins within ⌈k/W⌉ + 1 job times, of W = %i workers',
  async (workers) => {
    const alice = someone();
    // All at once: nobody gets places of others by being quick.
    await inParallel(range(1000), async (n) => void (await queues(alice, `alice ${n}`)));
    let running = await claimAll(workers);
    expect(running).toHaveLength(workers);
    const others = range(20).map((n) => `other ${n}`);
    for (const name of others) await queues(someone(), name);
    const begun = new Map<string, number>();
    for (let time = 1; begun.size < others.length; time++) {
      await Promise.all(running.map(completes));
      running = await claimAll(workers);
      for (const name of running.map(nameOf)) if (others.includes(name)) begun.set(name, time);
    }
    const late = others.filter(
      (name, k) => (begun.get(name) as number) > Math.ceil((k + 1) / workers) + 1,
    );
    expect(late).toEqual([]);
  },
  120_000,
);

test('who asks again as soon as served goes behind those who wait', async () => {
  const [alice, bob, carol] = [someone(), someone(), someone()];
  for (const n of range(4)) await queues(alice, `alice ${n}`);
  const names: string[] = [];
  await queues(bob, 'bob 0');
  await queues(carol, 'carol 0');
  for (const n of range(9)) {
    const [it] = await claimAll(1);
    if (!it) throw new Error('No job was found.');
    names.push(nameOf(it).split(' ')[0] as string);
    await completes(it);
    const user = [bob, carol].find((one) => it.job.user?.equals(one));
    if (user) await queues(user, `${user.equals(bob) ? 'bob' : 'carol'} ${n + 1}`);
  }
  // Bob and Carol, who come last, are served first; from then on each has one turn in three.
  for (const round of [names.slice(0, 3), names.slice(3, 6), names.slice(6, 9)])
    expect(round.toSorted()).toEqual(['alice', 'bob', 'carol']);
});

test('a priority orders the jobs of its user, and goes before those of nobody else', async () => {
  const [alice, bob] = [someone(), someone()];
  for (const name of ['alice 1', 'alice 2', 'alice 3']) await queues(alice, name);
  for (const name of ['bob 1', 'bob 2']) await queues(bob, name);
  await queues(alice, 'alice urgent', { priority: 9 });
  await queues(alice, 'alice more', { priority: 7 });
  const found = await order();
  const own = (name: string) => found.filter((one) => one.startsWith(name));
  expect(own('alice')).toEqual(['alice urgent', 'alice more', 'alice 1', 'alice 2', 'alice 3']);
  expect(found.indexOf('bob 2')).toBeLessThanOrEqual(3);
});

test('jobs that were cancelled, and those that wait for their time, hold up nobody', async () => {
  const alice = someone();
  for (const n of range(5)) await cancelJob(ctx, types, { _id: (await queues(alice, `${n}`))._id });
  await queues(alice, 'later', { delay: 3600 });
  await queues(alice, 'now');
  expect(await order()).toEqual(['now']);
});

test('each queue is claimed from apart: a long render holds up no image', async () => {
  await enqueue(ctx, render, { input: { name: 'render' } });
  expect(await claim(ctx, 'worker', types, 'MEDIA')).toBeNull();
  await queues(undefined, 'image');
  expect((await claimAll(2)).map(nameOf)).toEqual(['image']);
  expect((await claim(ctx, 'worker', types, 'RENDER'))?.job.type).toBe('render');
});

test('two of one user who ask at the same time never share a turn', async () => {
  const alice = someone();
  const jobs = await Promise.all(range(50).map((n) => queues(alice, `${n}`)));
  expect(new Set(jobs.map(({ turn }) => turn)).size).toBe(50);
});
