import '../harness/place.ts';
import { afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { CreditHold } from '../../src/models/billing/credit-hold.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { expireHolds } from '../../src/services/billing/expire-holds.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { grant } from './make-entry.ts';
import { paid, paidTypes } from './paid-type.ts';

place({ worker: false });

const ctx = systemCtx('test');

const types = paidTypes;

afterEach(async () => {
  expect((await verifyLedger()).fault).toBeUndefined();
  await Job.collection.deleteMany({});
  await expireHolds({ ...ctx, clock: () => Date.now() + 60_000 });
});

const start = (person: Person, price: number, use = price) =>
  enqueue(ctx, paid, { input: { price, use }, user: new UUID(person.id) });

/** Runs all jobs that wait. */
async function workAll(): Promise<void> {
  while ((await workOnce(ctx, types, () => 900_000)) !== 'IDLE');
}

const creditsOf = async (person: Person) => (await person.get('/v1/credits')).body;

async function spender(amount: number): Promise<Person> {
  const alice = await given.user();
  await grant(alice, amount);
  return alice;
}

test('a job holds its price, and completing it spends what was used', async () => {
  const alice = await spender(100);
  const job = await start(alice, 30, 20);
  expect(job.quote).toBe(30);
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 30, available: 70 });
  await workAll();
  expect(await creditsOf(alice)).toEqual({ balance: 80, held: 0, available: 80 });
  const { body } = await alice.get<{ data: Doc[] }>('/v1/credit-transactions?type=SPEND');
  expect(body.data).toMatchObject([{ amount: -20, balanceAfter: 80, job: job._id.toString() }]);
});

test('what costs nothing leaves no entry, and a job without a price no hold', async () => {
  const alice = await spender(10);
  await start(alice, 5, 0);
  expect((await start(alice, 0)).quote).toBeUndefined();
  await workAll();
  expect(await creditsOf(alice)).toEqual({ balance: 10, held: 0, available: 10 });
  const { body } = await alice.get<{ data: Doc[] }>('/v1/credit-transactions?type=SPEND');
  expect(body.data).toEqual([]);
});

test('where credits are missing there is no job, and the error says how many', async () => {
  const alice = await spender(10);
  await expect(start(alice, 11)).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDITS',
    message: 'This costs 11 credits; 10 are available, 1 are missing.',
  });
  await expect(start(await given.user(), 1)).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDITS',
  });
  expect(await Job.collection.countDocuments({})).toBe(0);
});

test('a job that fails or is cancelled releases what it held, and holds it anew when it is retried', async () => {
  const alice = await spender(100);
  const [failing, cancelled] = [await start(alice, 30, -1), await start(alice, 40)];
  await cancelJob(ctx, types, { _id: cancelled._id });
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 30, available: 70 });
  await workAll();
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 0, available: 100 });
  await retryJob(ctx, types, { _id: cancelled._id });
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 40, available: 60 });
  await start(alice, 50);
  await expect(retryJob(ctx, types, { _id: failing._id })).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDITS',
  });
  expect(await Job.collection.findOne({ _id: failing._id })).toMatchObject({ status: 'FAILED' });
  const states = await CreditHold.collection.find({ account: new UUID(alice.id) }).toArray();
  expect(states.map(({ state }) => state).sort()).toEqual(['HELD', 'HELD', 'RELEASED', 'RELEASED']);
});

test('what is held for a job that is gone is returned within a minute, and what goes on never expires', async () => {
  const alice = await spender(100);
  const [gone, kept] = [await start(alice, 30), await start(alice, 40)];
  await Job.collection.deleteOne({ _id: gone._id });
  expect((await verifyLedger()).fault).toMatchObject({ account: alice.id });
  expect(await expireHolds(ctx)).toBe(0);
  expect(await expireHolds({ ...ctx, clock: () => Date.now() + 60_000 })).toBe(1);
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 40, available: 60 });
  const states = await CreditHold.collection.find({ account: new UUID(alice.id) }).toArray();
  expect(states.map(({ job, state }) => [String(job), state])).toEqual([
    [String(gone._id), 'EXPIRED'],
    [String(kept._id), 'HELD'],
  ]);
});

test('a job that is deleted with its project releases what it held', async () => {
  const alice = await spender(100);
  const { id } = await alice.project();
  const project = new UUID(id);
  await enqueue(ctx, paid, { input: { price: 30, use: 30 }, user: new UUID(alice.id), project });
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 30, available: 70 });
  expect((await alice.delete(`/v1/projects/${id}`)).status).toBe(204);
  expect(await creditsOf(alice)).toEqual({ balance: 100, held: 0, available: 100 });
});

test('of many spends at once exactly as many are accepted as the balance allows', async () => {
  const alice = await spender(50);
  const outcomes = await Promise.allSettled(times(200, () => start(alice, 1)));
  const refused = outcomes.filter((o) => o.status === 'rejected').map((o) => o.reason.code);
  expect(refused).toEqual(times(150, () => 'INSUFFICIENT_CREDITS'));
  expect(await creditsOf(alice)).toEqual({ balance: 50, held: 50, available: 0 });
});
