import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { settlePayment } from '../../src/services/payments/settle.ts';
import {
  closeDispute,
  createRefund,
  finishRefund,
  openDispute,
} from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

/** Settles twice, so that what the first one was answered is older than `change`, and written after it. */
async function overtake(world: World, path: string, change: () => void): Promise<void> {
  const ctx = systemCtx('test');
  const id = new UUID(world.payment?.id as string);
  const answered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  stripe.beforeAnswer = async (seen) => {
    if (seen.path !== path) return;
    stripe.beforeAnswer = undefined;
    answered.resolve();
    await released.promise;
  };
  const first = settlePayment(ctx, id);
  await answered.promise;
  change();
  await settlePayment(ctx, id);
  released.resolve();
  await first;
}

async function buyPaid(): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.flush();
  world.isDeaf = true;
  return world;
}

test('a refund that has failed is not taken by an older answer, in which it was pending', async () => {
  const world = await buyPaid();
  stripe.state.refundStatus = 'pending';
  const { id } = createRefund(stripe.state, { payment_intent: world.intent });
  stripe.state.refundStatus = 'succeeded';
  await overtake(world, '/v1/refunds', () => finishRefund(stripe.state, id, 'failed'));
  expect(await world.describe()).toMatchObject({ status: 'COMPLETED', balance: 100, debt: 0 });
  expect(await verifyLedger()).not.toHaveProperty('fault');
});

test('a dispute that is won does not freeze the account by an older answer, in which it was open', async () => {
  const world = await buyPaid();
  const { id } = openDispute(stripe.state, world.intent);
  await overtake(world, '/v1/disputes', () => closeDispute(stripe.state, id, 'won'));
  expect(await world.describe()).toMatchObject({ balance: 100, isFrozen: false });
});

test('a payment that was paid does not wait again by an older answer', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  const path = `/v1/checkout/sessions/${world.session}`;
  await overtake(world, path, () => paySession(stripe.state, world.session, 'PAYS'));
  expect(await world.describe()).toMatchObject({ status: 'COMPLETED', balance: 100 });
});
