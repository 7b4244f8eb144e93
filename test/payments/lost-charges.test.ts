import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { deleteCustomer } from '../fakes/stripe/customers.ts';
import { detachMethod } from '../fakes/stripe/methods.ts';
import { listObjects, type StripeObject } from '../fakes/stripe/state.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { pollLater } from './support/scenarios.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

const INTENTS = /^POST \/v1\/payment_intents$/;

/** Somebody with a saved card, which a payment charges; Stripe's answer does not arrive, nor do its events. */
async function loseCharge(does: 'BREAKS_BEFORE' | 'BREAKS_AFTER'): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  const { id: paymentMethod } = await world.save('4242424242424242');
  world.isDeaf = true;
  stripe.faults.push({ at: INTENTS, does, times: 2 });
  const bought = await world.person.post('/v1/payments', { package: 'SMALL', paymentMethod });
  expect(bought.status, bought.text).toBe(503);
  const { body } = await world.person.get<{ data: Bought[] }>('/v1/payments');
  world.payment = body.data[0] as Bought;
  await world.flush();
  return world;
}

const chargesOf = ({ payment }: World) =>
  listObjects(stripe.state, 'charge').filter(({ metadata }) => metadata.payment === payment?.id);
const newest = (object: string) => listObjects(stripe.state, object)[0] as StripeObject;

async function removeMethod({ person }: World): Promise<void> {
  const { body } = await person.get<{ data: Doc[] }>('/v1/payment-methods');
  const { status, text } = await person.delete(`/v1/payment-methods/${body.data[0]?.id}`);
  expect(status, text).toBe(204);
}

async function loseMethod(): Promise<void> {
  detachMethod(stripe.state, newest('payment_method').id);
}

async function loseCustomer(): Promise<void> {
  deleteCustomer(stripe.state, newest('customer').id);
}

async function loseCustomerTold(world: World): Promise<void> {
  world.isDeaf = false;
  await loseCustomer();
  await world.flush();
}

const LOSSES = [
  ['the method was removed', removeMethod],
  ['the method was detached at Stripe', loseMethod],
  ['the customer was deleted at Stripe', loseCustomer],
  ['the customer was deleted at Stripe, which was told', loseCustomerTold],
] as const;
const MINUTES = [2, 25 * 60];

test.each(LOSSES.flatMap(([name, lose]) => MINUTES.map((minutes) => ({ name, lose, minutes }))))(
  'a charge whose answer was lost is found, though $name, after $minutes min',
  async ({ lose, minutes }) => {
    const world = await loseCharge('BREAKS_AFTER');
    await lose(world);
    await pollLater(minutes);
    expect(await world.describe()).toMatchObject({ status: 'COMPLETED', balance: 100 });
    expect(chargesOf(world)).toHaveLength(1);
  },
);

test.each(LOSSES)('nor is it made a second time by another key, though %s', async (_, lose) => {
  stripe.faults.push({ at: INTENTS, does: 500, times: 2 });
  const world = await loseCharge('BREAKS_AFTER');
  await lose(world);
  await pollLater();
  expect(await world.describe()).toMatchObject({ status: 'COMPLETED', balance: 100 });
  expect(chargesOf(world)).toHaveLength(1);
});

test.each(LOSSES)('one that was never made has failed where %s', async (_, lose) => {
  const world = await loseCharge('BREAKS_BEFORE');
  await lose(world);
  await pollLater();
  expect(await world.describe()).toMatchObject({ status: 'FAILED', error: 'REFUSED', balance: 0 });
  expect(chargesOf(world)).toEqual([]);
});

test('while Stripe’s lists cannot be read, a charge is not called failed', async () => {
  const world = await loseCharge('BREAKS_AFTER');
  await removeMethod(world);
  stripe.faults.push({ at: /^GET \/v1\/payment_intents$/, does: 'BREAKS_BEFORE', times: 2 });
  await pollLater();
  expect(await world.describe()).toMatchObject({ status: 'PENDING' });
  await pollLater();
  expect(await world.describe()).toMatchObject({ status: 'COMPLETED', balance: 100 });
});
