import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { AllowanceCounter } from '../../src/models/metering/allowance-counter.ts';
import { takeAllowance } from '../../src/services/metering/allowances/counter.ts';
import { giveBackAfterCommit } from '../../src/services/metering/allowances/free.ts';
import { giveBack } from '../../src/services/metering/allowances/give-back.ts';
import { recountAllowances } from '../../src/services/metering/allowances/recount.ts';
import { recountRefused } from '../../src/services/metering/allowances/recount-refused.ts';
import { withAllowance } from '../../src/services/metering/allowances/with-allowance.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

const ctx = systemCtx('test');

interface Allowance {
  metric: string;
  limit: number;
  used: number | null;
  left: number | null;
  renewsAt: string | null;
}

async function allow(person: Person, limits: object): Promise<Doc> {
  const root = await given.admin();
  const body = { user: person.id, limits, reason: 'for a test' };
  const { status, body: made, text } = await root.post('/v1/allowances/overrides', body);
  expect(status, text).toBe(200);
  return made;
}

async function read(person: Person): Promise<Record<string, Allowance>> {
  const { body } = await person.get<{ plan: string; data: Allowance[] }>('/v1/allowances');
  return Object.fromEntries(body.data.map((one) => [one.metric, one]));
}

const image = { name: 'A cover', fileName: 'a.png', contentType: 'image/png', size: 1000 };
const statusOf = (answers: { status: number }[]) => answers.map(({ status }) => status);
const counterOf = (person: Person) =>
  AllowanceCounter.collection.findOne({ _id: new UUID(person.id) });

test('an account sees what it may have, has used, and when there will be more', async () => {
  const alice = await given.user();
  await alice.project();
  await alice.medium('images', { size: 300 });
  const now = await read(alice);
  expect(now.BYTES).toMatchObject({ used: 300, left: 2e12 - 300, renewsAt: null });
  expect(now.DOCUMENTS).toMatchObject({ used: 2, renewsAt: null });
  expect(now.UPLOADS).toMatchObject({ used: 1 });
  expect(now.CALLS).toMatchObject({ used: null, left: null });
  const month = new Date(now.MINUTES?.renewsAt ?? '');
  expect([month > new Date(), month.getUTCDate()]).toEqual([true, 1]);
  expect(new Date(now.CREDITS?.renewsAt ?? '').getTime() - Date.now()).toBeLessThan(86_400_000);
});

test('what an account may not have is a 402 that says what is left, and nothing is made', async () => {
  const alice = await given.user();
  await allow(alice, { bytes: 1500 });
  expect((await alice.post('/v1/images', image)).status).toBe(201);
  const { status, body } = await alice.post('/v1/images', image);
  expect([status, body]).toMatchObject([
    402,
    {
      code: 'ALLOWANCE_EXCEEDED',
      detail: 'This takes 1000 of the bytes; 500 of 1500 are left.',
      allowance: { metric: 'BYTES', limit: 1500, used: 1000, left: 500, renewsAt: null },
    },
  ]);
  expect((await alice.post('/v1/images', { ...image, size: 500 })).status).toBe(201);
  const { body: list } = await alice.get<{ data: Doc[] }>('/v1/images');
  expect(list.data).toHaveLength(2);
});

test.each([
  ['bytes', { bytes: 5000 }],
  ['documents', { documents: 5 }],
  ['uploads', { uploads: 5 }],
])('of many at once as many are made as there is room for: %s', async (_, limits) => {
  const alice = await given.user();
  await allow(alice, limits);
  const statuses = statusOf(await Promise.all(times(24, () => alice.post('/v1/images', image))));
  expect(statuses.filter((s) => s === 201)).toHaveLength(5);
  expect(statuses.filter((s) => s === 402)).toHaveLength(19);
});

test('in one call for many media, those that there is room for are made', async () => {
  const alice = await given.user();
  await allow(alice, { documents: 3 });
  const items = times(5, () => ({ ...image, kind: 'IMAGE' }));
  const { body } = await alice.post<{ data: { status: number }[] }>('/v1/media/uploads', { items });
  expect(statusOf(body.data).sort()).toEqual([201, 201, 201, 402, 402]);
});

test('what is deleted is given back, with a project all that is in it', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  await Promise.all(times(3, () => alice.track({ project, size: 100 })));
  const { id } = await alice.medium('images', { size: 50 });
  expect(await counterOf(alice)).toMatchObject({ bytes: 350, documents: 5, uploads: 4 });
  expect((await alice.delete(`/v1/images/${id}`)).status).toBe(204);
  expect(await counterOf(alice)).toMatchObject({ bytes: 300, documents: 4, uploads: 3 });
  expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
  await until('all is given back', async () => (await counterOf(alice))?.documents === 0);
  expect(await counterOf(alice)).toMatchObject({ bytes: 0, uploads: 0 });
});

test('a request that fails takes nothing', async () => {
  const alice = await given.user();
  const strange = { ...image, project: '00000000-0000-7000-8000-00000000abcd' };
  expect((await alice.post('/v1/images', strange)).status).toBe(422);
  const before = { bytes: 10, documents: 1 };
  const failing = withAllowance(ctx, new UUID(alice.id), before, async () => {
    throw new Error('It failed.');
  });
  await expect(failing).rejects.toThrow('It failed.');
  expect(await counterOf(alice)).toMatchObject({ bytes: 0, documents: 0 });
});

test('what a transaction takes is given back where it is undone, and once where it is tried again', async () => {
  const user = newId(Date.now());
  const taken = async () => (await AllowanceCounter.collection.findOne({ _id: user }))?.bytes;
  const take = (work: () => Promise<unknown>) =>
    transaction(ctx, (tx) => withAllowance(tx, user, { bytes: 7 }, work));
  await expect(take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await taken()).toBe(0);
  let tries = 0;
  await take(async () => {
    if (++tries < 3) {
      throw Object.assign(new Error('again'), {
        hasErrorLabel: (label: string) => label === 'TransientTransactionError',
      });
    }
  }).catch(() => undefined);
  expect(await taken()).toBe(tries === 3 ? 7 : 0);
  await transaction(ctx, async (tx) => giveBackAfterCommit(tx, user, { bytes: 7 }));
  expect(await taken()).toBe(0);
});

test('an override replaces the one before, names who made it, and is for administrators', async () => {
  const alice = await given.user();
  const body = { user: alice.id, limits: { bytes: 1 }, reason: 'mine' };
  expect((await alice.post('/v1/allowances/overrides', body)).status).toBe(403);
  await allow(alice, { bytes: 10, documents: 1 });
  const { limits, reason, by } = await allow(alice, { bytes: 20 });
  expect([limits, reason, by]).toEqual([{ bytes: 20 }, 'for a test', expect.any(String)]);
  const now = await read(alice);
  expect([now.BYTES?.limit, now.DOCUMENTS?.limit]).toEqual([20, 200_000]);
  const root = await given.admin();
  const unknown = { user: alice.id, plan: 'NONSENSE', limits: { bytes: -1 }, reason: 'x' };
  expect(await root.post('/v1/allowances/overrides', unknown)).toMatchObject({ status: 422 });
  const none = { user: idText(newId(Date.now())), plan: 'NONSENSE', reason: 'x' };
  const { body: problem } = await root.post('/v1/allowances/overrides', none);
  expect((problem.errors as Doc[]).map(({ path }) => path)).toEqual(['user', 'plan']);
});

test('counters that are wrong are put right, and those that only move are left alone', async () => {
  const alice = await given.user();
  await alice.medium('images', { size: 50 });
  const mine = { _id: new UUID(alice.id) };
  await AllowanceCounter.collection.updateOne(mine, { $inc: { bytes: 7, uploads: -1, jobs: 2 } });
  expect(await recountAllowances(ctx, () => false)).toBeGreaterThanOrEqual(3);
  expect(await counterOf(alice)).toMatchObject({ bytes: 50, documents: 1, uploads: 1, jobs: 0 });
  expect(await recountAllowances(ctx, () => false)).toBe(0);
});

test('what a crash has left in a counter stands in the way for two minutes, not until the night', async () => {
  const alice = await given.user();
  await allow(alice, { documents: 2 });
  await takeAllowance(ctx, new UUID(alice.id), { documents: 2 });
  expect((await alice.post('/v1/images', image)).status).toBe(402);
  const later = (minutes: number) => ({ ...ctx, clock: () => Date.now() + minutes * 60_000 });
  expect(await recountRefused(later(1))).toBe(0);
  expect(await recountRefused(later(2))).toBe(1);
  expect((await alice.post('/v1/images', image)).status).toBe(201);
});

test('a month and a day begin anew, and what was counted before is not given back in them', async () => {
  const alice = await given.user();
  await allow(alice, { renders: 1 });
  const user = new UUID(alice.id);
  await takeAllowance(ctx, user, { renders: 1, credits: 5 });
  await expect(takeAllowance(ctx, user, { renders: 1 })).rejects.toMatchObject({
    code: 'ALLOWANCE_EXCEEDED',
    allowance: { metric: 'RENDERS', left: 0, renewsAt: expect.stringMatching(/-01T00:00:00/) },
  });
  const next = { ...ctx, clock: () => Date.now() + 32 * 86_400_000 };
  await takeAllowance(next, user, { renders: 1, credits: 3 });
  expect(await counterOf(alice)).toMatchObject({ renders: 1, credits: 3 });
  await giveBack(next, user, { renders: 1, credits: 5 }, new Date());
  expect(await counterOf(alice)).toMatchObject({ renders: 1, credits: 3 });
});
