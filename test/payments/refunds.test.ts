import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { IdempotencyRecord } from '../../src/models/api/idempotency-record.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { settlePayment } from '../../src/services/payments/settle.ts';
import { createRefund, finishRefund } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { listObjects, need } from '../fakes/stripe/state.ts';
import { given } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { place } from '../harness/place.ts';
import { pollLater } from './support/scenarios.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterEach(() => {
  stripe.faults.splice(0);
  stripe.state.refundStatus = 'succeeded';
});
afterAll(() => stripe.stop());

async function buy(values: object = {}): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  Object.assign(need(stripe.state, world.session, 'checkout.session'), values);
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  return world;
}

const refundsOf = ({ intent }: World) =>
  listObjects(stripe.state, 'refund').filter((one) => one.payment_intent === intent);

async function makeAsker({ payment }: World) {
  const admin = await given.admin();
  return async (body: object, key = newKey()) =>
    (await admin.post(`/v1/payments/${payment?.id}/refund`, body, key)).status;
}

test('the same key is the same refund, also when its answer is kept no more', async () => {
  const world = await buy();
  const [ask, key] = [await makeAsker(world), newKey()];
  expect(await ask({ amount: 100 }, key)).toBe(200);
  await IdempotencyRecord.collection.deleteMany({});
  expect(await ask({ amount: 100 }, key)).toBe(200);
  for (const body of [{ amount: 200 }, {}]) expect(await ask(body, key)).toBe(422);
  expect(await world.finish()).toMatchObject({ refundedAmount: 100 });
  expect(await ask({ amount: 100 })).toBe(200);
  expect(await world.finish()).toMatchObject({ refundedAmount: 200 });
});

test('and of all that is left', async () => {
  const world = await buy();
  const [ask, key] = [await makeAsker(world), newKey()];
  expect(await ask({}, key)).toBe(200);
  await IdempotencyRecord.collection.deleteMany({});
  expect([await ask({}, key), await ask({ amount: 500 }, key)]).toEqual([200, 422]);
});

test('of two refunds that have met errors none keeps the other from being made', async () => {
  const world = await buy();
  const [ask, one, other] = [await makeAsker(world), newKey(), newKey()];
  stripe.faults.push({ at: /^POST \/v1\/refunds$/, does: 500, times: 1000 });
  for (const key of [one, other, one, other]) expect(await ask({ amount: 100 }, key)).toBe(503);
  stripe.faults.splice(0);
  for (const key of [one, other]) expect(await ask({ amount: 100 }, key)).toBe(200);
  expect(refundsOf(world)).toHaveLength(2);
  expect(await world.finish()).toMatchObject({ refundedAmount: 200 });
});

test('what is to be looked at again is, by the next poll, where Stripe was out of reach meanwhile', async () => {
  const world = await buy();
  const ask = await makeAsker(world);
  stripe.state.refundStatus = 'pending';
  let reads = 0;
  stripe.beforeAnswer = async ({ method, path }) => {
    if (method !== 'GET' || path !== '/v1/refunds' || ++reads !== 2) return;
    stripe.beforeAnswer = undefined;
    // The answer says that it is pending, and is on its way.
    finishRefund(stripe.state, refundsOf(world)[0]?.id as string, 'failed');
    await world.flush();
    stripe.faults.push({
      at: /^GET \/v1\/checkout\/sessions/,
      does: 'BREAKS_BEFORE',
      times: 1000,
    });
  };
  expect(await ask({})).toBe(503);
  stripe.faults.splice(0);
  await world.finish();
  await pollLater();
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
  const _id = new UUID(world.payment?.id as string);
  expect(await Payment.collection.findOne({ _id })).not.toHaveProperty('recheckAt');
});

test('a refund of what was paid otherwise is not kept by an answer that was overtaken', async () => {
  const world = await buy({ amount_total: 499 });
  const [ctx, id] = [systemCtx('test'), new UUID(world.payment?.id as string)];
  stripe.state.refundStatus = 'pending';
  const refund = createRefund(stripe.state, { payment_intent: world.intent });
  stripe.beforeAnswer = async ({ path }) => {
    if (path !== '/v1/refunds') return;
    stripe.beforeAnswer = undefined;
    finishRefund(stripe.state, refund.id, 'failed');
    await settlePayment(ctx, id);
  };
  await settlePayment(ctx, id);
  expect(await world.describe()).toMatchObject({ status: 'PENDING', error: 'AMOUNT_MISMATCH' });
});
