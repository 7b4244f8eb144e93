import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { type Ctx, systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { TopUp } from '../../src/models/billing/top-up.ts';
import { topUpAccounts } from '../../src/services/payments/top-ups/run.ts';
import { detachMethod } from '../fakes/stripe/methods.ts';
import { closeDispute, createRefund, openDispute } from '../fakes/stripe/reversals.ts';
import { answerBank, paySession } from '../fakes/stripe/sessions.ts';
import { listObjects } from '../fakes/stripe/state.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const DAY = 24 * 3600_000;
const run = (ctx: Ctx = systemCtx('test')) => topUpAccounts(ctx, () => Number.POSITIVE_INFINITY);

async function begin(card = '4242424242424242', values: object = {}): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.save(card);
  await set(world, values);
  return world;
}

async function set({ person }: World, values: object = {}): Promise<void> {
  const body = { package: 'SMALL', threshold: 20, ...values };
  const { status, text } = await person.post('/v1/top-up', body);
  expect(status, text).toBe(200);
}

const read = async ({ person }: World) =>
  (await person.get<Doc & { error?: { code: string } }>('/v1/top-up')).body;
const balanceOf = async (world: World) => (await world.describe()).balance;
const countPayments = ({ person }: World) =>
  Payment.collection.countDocuments({ user: new UUID(person.id) });

test('credits are bought when fewer are left than the threshold, and not before', async () => {
  const world = await begin();
  await run();
  expect(await balanceOf(world)).toBe(100);
  await run();
  expect(await balanceOf(world)).toBe(100);
  await world.spend(80);
  await run();
  expect(await balanceOf(world)).toBe(20);
  await world.spend(1);
  await run();
  expect(await balanceOf(world)).toBe(119);
  expect(await read(world)).toMatchObject({ status: 'ACTIVE', purchases: 2 });
});

test('it is done as often in a day as was said, and again the next day', async () => {
  const world = await begin('4242424242424242', { mostPerDay: 2 });
  for (let n = 0; n < 4; n++) {
    await run();
    await world.spend(await balanceOf(world));
  }
  expect(await countPayments(world)).toBe(2);
  // What is set anew counts on.
  await set(world, { mostPerDay: 2 });
  await run();
  expect(await countPayments(world)).toBe(2);
  await run({ ...systemCtx('test'), clock: () => Date.now() + DAY });
  expect(await countPayments(world)).toBe(3);
});

test('whoever takes it away and sets it again has it buy no more in a day', async () => {
  const world = await begin('4242424242424242', { mostPerDay: 1 });
  await run();
  expect(await countPayments(world)).toBe(1);
  await world.spend(await balanceOf(world));
  for (let n = 0; n < 2; n++) {
    expect((await world.person.delete('/v1/top-up')).status).toBe(204);
    await set(world, { mostPerDay: 1 });
    await run();
  }
  expect(await countPayments(world)).toBe(1);
  await run({ ...systemCtx('test'), clock: () => Date.now() + DAY });
  expect(await countPayments(world)).toBe(2);
});

test('nor does it buy while what it bought before waits for the bank', async () => {
  const world = await begin('4000002500003155');
  await run();
  await world.person.delete('/v1/top-up');
  await set(world);
  await run();
  expect(await countPayments(world)).toBe(1);
});

test('of eight runs at once one buys, once', async () => {
  const world = await begin();
  await Promise.all(times(8, () => run()));
  expect([await balanceOf(world), await countPayments(world)]).toEqual([100, 1]);
});

test('a card that is refused pauses it, and says so; set again, it goes on', async () => {
  const world = await begin('4000000000009995');
  await run();
  expect(await read(world)).toMatchObject({
    status: 'PAUSED',
    error: { code: expect.any(String) },
  });
  await run();
  expect(await countPayments(world)).toBe(1);
  await world.save('4242424242424242');
  const { body } = await world.person.get<{ data: Doc[] }>('/v1/payment-methods');
  await set(world, { paymentMethod: body.data.find(({ last4 }) => last4 === '4242')?.id });
  await run();
  expect(await read(world)).not.toHaveProperty('error');
  expect(await balanceOf(world)).toBe(100);
});

test('a card whose bank asks waits for its holder, and nothing else is bought', async () => {
  const world = await begin('4000002500003155');
  for (let n = 0; n < 2; n++) await run();
  expect(await read(world)).toMatchObject({
    status: 'ACTIVE',
    error: { code: 'AUTHENTICATION_REQUIRED' },
  });
  const { body } = await world.person.get<{ data: Bought[] }>('/v1/payments');
  expect(body.data.length).toBe(1);
  const path = `/v1/payments/${body.data[0]?.id}/checkout`;
  const { clientSecret } = (await world.person.post<{ clientSecret: string }>(path)).body;
  answerBank(stripe.state, String(clientSecret).split('_secret')[0] as string, true);
  await world.finish();
  expect(await balanceOf(world)).toBe(100);
});

test('without a saved method it is paused, and says so', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await set(world);
  await run();
  expect(await read(world)).toMatchObject({
    status: 'PAUSED',
    error: { code: 'NO_PAYMENT_METHOD' },
  });
});

/** Two saved cards, of which the top-up charges one that is not the default. */
async function choose(number = '4242424242424242'): Promise<{ world: World; chosen: Doc }> {
  const world = await World.make(stripe, IN_ORDER);
  const other = await world.save('4242424242424242');
  const chosen = await world.save(number);
  const { status, text } = await world.person.patch(`/v1/payment-methods/${other.id}`, {
    isDefault: true,
  });
  expect(status, text).toBe(200);
  await set(world, { paymentMethod: chosen.id });
  expect(await read(world)).toMatchObject({ paymentMethod: chosen.id });
  return { world, chosen };
}

async function removeMethod({ person }: World, { id }: Doc): Promise<void> {
  expect((await person.delete(`/v1/payment-methods/${id}`)).status).toBe(204);
}

const LOST = { status: 'PAUSED', error: { code: 'NO_PAYMENT_METHOD' } };

test('one whose chosen method was removed charges no other, and says so at once', async () => {
  const { world, chosen } = await choose();
  await removeMethod(world, chosen);
  expect(await read(world)).toMatchObject(LOST);
  await run();
  expect(await countPayments(world)).toBe(0);
  expect(await read(world)).toMatchObject(LOST);
  // What is set without one charges the default, as it says.
  await set(world);
  await run();
  expect(await read(world)).not.toHaveProperty('paymentMethod');
  expect(await balanceOf(world)).toBe(100);
});

test('nor where its method was detached at Stripe', async () => {
  const { world } = await choose();
  const [newest] = listObjects(stripe.state, 'payment_method');
  detachMethod(stripe.state, String(newest?.id));
  await world.flush();
  await run();
  expect(await countPayments(world)).toBe(0);
  expect(await read(world)).toMatchObject(LOST);
});

test('nor once what it bought before, which waited for the bank, is paid', async () => {
  const { world, chosen } = await choose('4000002500003155');
  await run();
  const { body } = await world.person.get<{ data: Bought[] }>('/v1/payments');
  const path = `/v1/payments/${body.data[0]?.id}/checkout`;
  const { clientSecret } = (await world.person.post<{ clientSecret: string }>(path)).body;
  await removeMethod(world, chosen);
  expect(await read(world)).toMatchObject(LOST);
  answerBank(stripe.state, String(clientSecret).split('_secret')[0] as string, true);
  await world.finish();
  expect(await balanceOf(world)).toBe(100);
  await world.spend(90);
  await run();
  expect(await countPayments(world)).toBe(1);
  expect(await read(world)).toMatchObject(LOST);
});

test('nor for a payment whose id was noted, and which was never made', async () => {
  const { world, chosen } = await choose();
  const payment = newId(Date.now());
  const of = { user: new UUID(world.person.id) };
  await adminCollection(TopUp).updateOne(of, { $set: { payment } });
  await removeMethod(world, chosen);
  await run();
  expect(await countPayments(world)).toBe(0);
  expect(await read(world)).toMatchObject(LOST);
});

test('one without a chosen method goes on with the default when another is removed', async () => {
  const { world, chosen } = await choose();
  await set(world);
  await removeMethod(world, chosen);
  await run();
  expect(await read(world)).toMatchObject({ status: 'ACTIVE' });
  expect(await balanceOf(world)).toBe(100);
});

test('while a payment is disputed nothing is bought', async () => {
  const world = await begin();
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  await world.spend(90);
  openDispute(stripe.state, world.intent);
  await world.finish();
  const before = await countPayments(world);
  await run();
  expect(await countPayments(world)).toBe(before);
});

test.each(['refunded', 'disputed'])('what was %s is not bought again', async (what) => {
  const world = await begin();
  await run();
  const user = new UUID(world.person.id);
  const payment = await Payment.collection.findOne<{ intentId: string }>({ user });
  const intent = String(payment?.intentId);
  if (what === 'refunded') createRefund(stripe.state, { payment_intent: intent });
  else closeDispute(stripe.state, openDispute(stripe.state, intent).id, 'lost');
  await world.finish();
  await run();
  const code = what === 'refunded' ? 'REFUNDED' : 'DISPUTED';
  expect(await read(world)).toMatchObject({ status: 'PAUSED', error: { code } });
  expect(await countPayments(world)).toBe(1);
});

test('nothing is bought for an account that is switched off', async () => {
  const [world, admin] = [await begin(), await given.admin()];
  const off = await admin.patch(`/v1/users/${world.person.id}`, { isActive: false });
  expect(off.status).toBe(200);
  await run();
  expect(await countPayments(world)).toBe(0);
});

test('it is one of a user, who may take it away', async () => {
  const world = await begin();
  await set(world, { threshold: 30 });
  expect(await read(world)).toMatchObject({ threshold: 30, mostPerDay: 3, currency: 'EUR' });
  expect((await world.person.delete('/v1/top-up')).status).toBe(204);
  expect((await world.person.delete('/v1/top-up')).status).toBe(204);
  expect((await world.person.get('/v1/top-up')).status).toBe(404);
  await run();
  expect(await countPayments(world)).toBe(0);
});

test('what is not sold, and the method of somebody else, is refused by name', async () => {
  const [alice, bob] = [await begin(), await World.make(stripe, IN_ORDER)];
  const { body } = await alice.person.get<{ data: Doc[] }>('/v1/payment-methods');
  const common = { package: 'SMALL', threshold: 20 };
  const paths: [object, string][] = [
    [{ ...common, package: 'NONE' }, 'package'],
    [{ ...common, currency: 'CHF' }, 'currency'],
    [{ ...common, threshold: 0 }, 'threshold'],
    [{ ...common, mostPerDay: 21 }, 'mostPerDay'],
    [{ ...common, paymentMethod: body.data[0]?.id }, 'paymentMethod'],
  ];
  for (const [given, path] of paths) {
    const answer = await bob.person.post<{ errors: { path: string }[] }>('/v1/top-up', given);
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([422, path]);
  }
});
