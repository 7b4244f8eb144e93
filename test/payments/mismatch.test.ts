import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import {
  closeDispute,
  finishRefund,
  openDispute,
  preventDispute,
  reviewDispute,
} from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { emit, listObjects, need } from '../fakes/stripe/state.ts';
import { given } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

/** The page asks for something else than we did. */
async function payOther(values: object): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  Object.assign(need(stripe.state, world.session, 'checkout.session'), values);
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  return world;
}

async function listDifferences({ payment }: World): Promise<string[]> {
  const period = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) };
  const report = await reconcilePayments(systemCtx('test'), period);
  const mine = report?.differences.filter((one) => String(one.payment) === payment?.id);
  return (mine ?? []).map(({ kind }) => kind);
}

const refund = async ({ payment }: World, body: object = {}) => {
  const path = `/v1/payments/${payment?.id}/refund`;
  return (await given.admin()).post<{ errors: { path: string }[] }>(path, body, newKey());
};

test.each([
  ['another amount', { amount_total: 499 }, ['AMOUNT', 'MISSING']],
  ['another currency', { currency: 'usd' }, ['CURRENCY']],
])(
  'what is paid in %s buys nothing, is named, and can be refunded whole',
  async (_, other, kinds) => {
    const world = await payOther(other);
    const unpaid = { status: 'PENDING', error: 'AMOUNT_MISMATCH', balance: 0, purchases: 0 };
    expect(await world.describe()).toMatchObject(unpaid);
    expect(await listDifferences(world)).toEqual(kinds);
    const part = await refund(world, { amount: 100 });
    expect([part.status, part.body.errors[0]?.path]).toEqual([422, 'amount']);
    expect((await refund(world)).status).toBe(200);
    expect(await world.finish()).toMatchObject({ ...unpaid, status: 'FAILED' });
    const charge = need(stripe.state, world.intent, 'payment_intent').latest_charge;
    const { amount, amount_refunded } = need(stripe.state, charge, 'charge');
    expect(amount_refunded).toBe(amount);
    expect(await listDifferences(world)).toEqual([]);
    expect((await refund(world)).status).toBe(409);
  },
);

test('what was given back, and came back to us, can be refunded again', async () => {
  const [one, other] = [
    await payOther({ amount_total: 499 }),
    await payOther({ amount_total: 498 }),
  ];
  stripe.state.refundStatus = 'pending';
  expect((await refund(one)).status).toBe(200);
  stripe.state.refundStatus = 'succeeded';
  expect((await one.finish()).status).toBe('FAILED');
  const made = listObjects(stripe.state, 'refund')[0]?.id as string;
  finishRefund(stripe.state, made, 'failed');
  const { id } = openDispute(stripe.state, other.intent);
  closeDispute(stripe.state, id, 'lost');
  expect((await other.finish()).status).toBe('FAILED');
  reviewDispute(stripe.state, id, 'appeal_under_review');
  closeDispute(stripe.state, id, 'won');
  for (const world of [one, other]) {
    expect(await world.finish()).toMatchObject({ status: 'PENDING', error: 'AMOUNT_MISMATCH' });
    expect((await refund(world)).status).toBe(200);
    expect(await world.finish()).toMatchObject({ status: 'FAILED', balance: 0 });
  }
});

test('what was taken for a dispute, and was only an inquiry, freezes nothing any more', async () => {
  const world = await payOther({});
  const dispute = openDispute(stripe.state, world.intent, 'escalated');
  expect((await world.finish()).isFrozen).toBe(true);
  dispute.status = 'warning_closed';
  emit(stripe.state, 'charge.dispute.closed', dispute);
  expect(await world.finish()).toMatchObject({ balance: 100, isFrozen: false });
});

test('a dispute is prevented by money that moves after it was told', async () => {
  const world = await payOther({});
  const dispute = preventDispute(stripe.state, world.intent, false);
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
  dispute.balance_transactions.push({ object: 'balance_transaction', amount: -dispute.amount });
  emit(stripe.state, 'charge.dispute.funds_withdrawn', dispute);
  expect(await world.finish()).toMatchObject({ status: 'REFUNDED', balance: 0 });
});

test('a dispute of a status that is not known freezes the account, and takes nothing', async () => {
  const world = await payOther({});
  openDispute(stripe.state, world.intent, 'escalated');
  expect(await world.finish()).toMatchObject({
    ...{ status: 'COMPLETED', balance: 100, isFrozen: true },
  });
});
