import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { update } from '../../src/data/write.ts';
import { User } from '../../src/models/account/user.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { deleteCustomer } from '../fakes/stripe/customers.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { listObjects, type StripeObject } from '../fakes/stripe/state.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { pollLater } from './support/scenarios.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

const CUSTOMERS = /^POST \/v1\/customers$/;
const SESSIONS = /^POST \/v1\/checkout\/sessions$/;
const INTENTS = /^POST \/v1\/payment_intents$/;
const SMALL = { package: 'SMALL' };

const make = () => World.make(stripe, IN_ORDER);
const isOf =
  ({ person }: World) =>
  (one: StripeObject) =>
    one.metadata?.user === person.id;
const customersOf = (world: World) => listObjects(stripe.state, 'customer').filter(isOf(world));
const madeFor = (name: 'payment' | 'subscription', id: string) =>
  listObjects(stripe.state, 'checkout.session').filter(({ metadata }) => metadata[name] === id);

async function subscribe({ person }: World): Promise<number> {
  return (await person.post('/v1/subscriptions', { plan: 'PRO' })).status;
}

async function findSubscription({ person }: World): Promise<Bought> {
  return (await person.get<{ data: Bought[] }>('/v1/subscriptions')).body.data[0] as Bought;
}

/** Another address, as when it was confirmed. */
async function changeEmail({ person }: World): Promise<void> {
  const set = { email: `moved-${person.id}@example.net` };
  await update(systemCtx('test'), User, { _id: new UUID(person.id) }, { set });
}

test('an error of Stripe’s own for a new customer keeps nobody from paying', async () => {
  const world = await make();
  stripe.faults.push({ at: CUSTOMERS, does: 500 });
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
  expect(customersOf(world)).toHaveLength(1);
});

test('however many errors there were: once they end, everything is for sale', async () => {
  const world = await make();
  stripe.faults.push({ at: CUSTOMERS, does: 500, times: 8 });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) {
    statuses.push((await world.person.post('/v1/payments', SMALL)).status);
  }
  expect(statuses).toEqual([503, 503, 201, 201]);
  expect((await world.person.post('/v1/payment-methods/setup')).status).toBe(200);
  expect(await subscribe(world)).toBe(201);
  expect(customersOf(world)).toHaveLength(1);
});

test('a customer whose making was never answered is found, with another address, too', async () => {
  const world = await make();
  stripe.faults.push({ at: CUSTOMERS, does: 'BREAKS_AFTER', times: 2 });
  expect((await world.person.post('/v1/payments', SMALL)).status).toBe(503);
  await changeEmail(world);
  await world.buy();
  expect(customersOf(world)).toHaveLength(1);
});

test('a customer is known by the address that the account has', async () => {
  const world = await make();
  await world.buy();
  expect(customersOf(world)).toMatchObject([{ email: expect.stringContaining('@') }]);
});

test('of many who buy at once after an error each has the same customer', async () => {
  const world = await make();
  stripe.faults.push({ at: CUSTOMERS, does: 500 });
  const buy = () => world.person.post('/v1/payments', SMALL);
  await Promise.all(times(6, buy));
  expect((await buy()).status).toBe(201);
  const sessions = listObjects(stripe.state, 'checkout.session');
  const known = customersOf(world).map(({ id }) => id);
  expect(known).toHaveLength(1);
  expect(sessions.filter(({ customer }) => known.includes(customer)).length).toBeGreaterThan(0);
});

test.each([
  ['a page', SESSIONS, {}],
  ['a PaymentIntent', INTENTS, { flow: 'INTENT' }],
])('a payment whose key has brought an error is opened by another: %s', async (_, at, how) => {
  const world = await make();
  stripe.faults.push({ at, does: 500 });
  const { checkout } = await world.buy(how);
  expect(checkout.url ?? checkout.clientSecret).toEqual(expect.any(String));
});

test('a payment that could not be opened is, by the next poll, and once', async () => {
  const world = await make();
  stripe.faults.push({ at: SESSIONS, does: 500, times: 4 });
  expect((await world.person.post('/v1/payments', SMALL)).status).toBe(503);
  const { body } = await world.person.get<{ data: Doc[] }>('/v1/payments');
  const { id } = body.data[0] as Doc;
  await pollLater();
  expect(madeFor('payment', id)).toHaveLength(1);
  const answer = await world.person.post<{ url: string }>(`/v1/payments/${id}/checkout`);
  expect(answer.body.url).toMatch(/\/pay\/cs_/);
});

test('what was made before the page of the app moved is found, and not made again', async () => {
  const world = await make();
  stripe.faults.push({ at: SESSIONS, does: 'BREAKS_AFTER', times: 2 });
  expect((await world.person.post('/v1/payments', SMALL)).status).toBe(503);
  const { body } = await world.person.get<{ data: Doc[] }>('/v1/payments');
  const { id } = body.data[0] as Doc;
  // As if it had been asked for with other parameters: of another release, say.
  await adminCollection(Payment).updateOne({ _id: new UUID(id) }, { $set: { credits: 101 } });
  await pollLater();
  await adminCollection(Payment).updateOne({ _id: new UUID(id) }, { $set: { credits: 100 } });
  expect(madeFor('payment', id)).toHaveLength(1);
  expect((await world.person.post(`/v1/payments/${id}/checkout`)).status).toBe(200);
});

test('a call that is still running under our key refuses nothing for good', async () => {
  const world = await make();
  stripe.faults.push({ at: SESSIONS, does: 409, times: 2 });
  expect((await world.person.post('/v1/payments', SMALL)).status).toBe(503);
  const { body } = await world.person.get<{ data: Doc[] }>('/v1/payments');
  expect(body.data).toMatchObject([{ status: 'PENDING' }]);
});

test.each([
  ['no customer could be made', CUSTOMERS, 500, 20],
  ['it could not be opened', SESSIONS, 500, 20],
  ['it was opened and never answered', SESSIONS, 'BREAKS_AFTER', 2],
] as const)('a subscription that was never opened is cancelled: %s', async (_, at, does, n) => {
  const world = await make();
  stripe.faults.push({ at, does, times: n });
  expect(await subscribe(world)).toBe(503);
  const { id, status } = await findSubscription(world);
  expect(status).toBe('PENDING');
  expect(await subscribe(world)).toBe(409);
  const cancelled = await world.person.post<Doc>(`/v1/subscriptions/${id}/cancel`);
  expect([cancelled.status, cancelled.body.status]).toEqual([200, 'CANCELLED']);
  expect(madeFor('subscription', id).filter((one) => one.status === 'open')).toEqual([]);
  stripe.faults.splice(0);
  expect(await subscribe(world)).toBe(201);
});

test('a subscription that could not be opened is, where its user asks for its page', async () => {
  const world = await make();
  stripe.faults.push({ at: SESSIONS, does: 500, times: 4 });
  expect(await subscribe(world)).toBe(503);
  world.subscription = await findSubscription(world);
  world.subscription.checkout = (await world.change('checkout')) as Bought['checkout'];
  paySession(stripe.state, world.session, 'PAYS');
  expect(await world.finish()).toMatchObject({ subscription: 'ACTIVE', balance: 500 });
});

test('one that was cancelled while it was opened cannot be paid', async () => {
  const world = await make();
  stripe.beforeAnswer = async ({ method, path }) => {
    if (method !== 'POST' || path !== '/v1/products') return;
    stripe.beforeAnswer = undefined;
    const { id } = await findSubscription(world);
    expect((await world.person.post(`/v1/subscriptions/${id}/cancel`)).status).toBe(200);
  };
  const { body } = await world.person.post<Bought>('/v1/subscriptions', { plan: 'PRO' });
  expect([body.status, body.checkout]).toEqual(['CANCELLED', {}]);
  expect(madeFor('subscription', body.id)).toMatchObject([{ status: 'expired' }]);
});

test.each([true, false])(
  'a customer who was deleted at Stripe is made anew, whether that was told: %s',
  async (isTold) => {
    const world = await make();
    await world.save('4242424242424242');
    const [{ id: gone } = { id: '' }] = customersOf(world);
    world.isDeaf = !isTold;
    deleteCustomer(stripe.state, gone);
    await world.flush();
    if (isTold) {
      const { body } = await world.person.get<{ data: Doc[] }>('/v1/payment-methods');
      expect(body.data).toEqual([]);
    }
    world.isDeaf = false;
    await world.buy();
    await world.save('4242424242424242');
    expect(await subscribe(world)).toBe(201);
    paySession(stripe.state, world.session, 'PAYS');
    expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
    expect(customersOf(world).filter(({ deleted }) => !deleted)).toHaveLength(1);
  },
);

test('a refund whose answer was lost is found by the same request once more, though it was told meanwhile', async () => {
  const [world, admin] = [await make(), await given.admin()];
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.flush();
  const path = `/v1/payments/${world.payment?.id}/refund`;
  for (const body of [{ amount: 300 }, {}]) {
    stripe.faults.push({ at: /^POST \/v1\/refunds$/, does: 'BREAKS_AFTER', times: 2 });
    const key = newKey();
    expect((await admin.post(path, body, key)).status).toBe(503);
    await world.flush();
    expect((await admin.post(path, body, key)).status).toBe(200);
  }
  expect(await world.finish()).toMatchObject({ status: 'REFUNDED', refundedAmount: 500 });
});

const REFUNDS = /^POST \/v1\/refunds$/;
const refundsOf = (world: World) =>
  listObjects(stripe.state, 'refund').filter(
    ({ payment_intent }) => payment_intent === world.intent,
  );

async function buyAndPay(): Promise<{ world: World; path: string }> {
  const world = await make();
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.flush();
  return { world, path: `/v1/payments/${world.payment?.id}/refund` };
}

test.each([
  [500, 1],
  [500, 2],
  [500, 9],
  ['ERRS_AFTER', 1],
] as const)('a refund is made once, though Stripe errs: %s, %i times', async (does, n) => {
  const [{ world, path }, admin] = [await buyAndPay(), await given.admin()];
  for (const body of [{ amount: 300 }, {}]) {
    stripe.faults.push({ at: REFUNDS, does, times: n });
    const key = newKey();
    let last = await admin.post(path, body, key);
    for (let tries = 1; last.status === 503 && tries < 6; tries++) {
      last = await admin.post(path, body, key);
    }
    expect(last.status, last.text).toBe(200);
    expect((await admin.post(path, body, key)).body).toEqual(last.body);
  }
  expect(refundsOf(world).map(({ amount }) => amount)).toEqual([200, 300]);
  expect(await world.finish()).toMatchObject({ status: 'REFUNDED', refundedAmount: 500 });
});

test('a request for a refund keeps its key at Stripe, whatever becomes of others', async () => {
  const [{ world, path }, admin] = [await buyAndPay(), await given.admin()];
  const [lost, failed] = [newKey(), newKey()];
  // Stripe may still be at the first one when the second one is asked for.
  stripe.faults.push({ at: REFUNDS, does: 409, times: 2 });
  expect((await admin.post(path, { amount: 100 }, lost)).status).toBe(503);
  stripe.faults.push({ at: REFUNDS, does: 500, times: 4 });
  expect((await admin.post(path, { amount: 200 }, failed)).status).toBe(503);
  expect((await admin.post(path, { amount: 100 }, lost)).status).toBe(200);
  const made = stripe.state.events.filter(({ type }) => type === 'refund.created').at(-1);
  expect(made?.data.object).toMatchObject({ amount: 100, payment_intent: world.intent });
  expect(made?.request.idempotency_key).toMatch(/^refund-[\w-]{43}$/);
});

test('a customer who was deleted before its making was answered is made anew', async () => {
  const world = await make();
  stripe.faults.push({ at: CUSTOMERS, does: 'BREAKS_AFTER', times: 2 });
  expect((await world.person.post('/v1/payments', SMALL)).status).toBe(503);
  const [{ id: gone } = { id: '' }] = customersOf(world);
  deleteCustomer(stripe.state, gone);
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
});
