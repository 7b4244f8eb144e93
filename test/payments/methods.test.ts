import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { detachMethod, replaceCard } from '../fakes/stripe/methods.ts';
import { listObjects } from '../fakes/stripe/state.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const newest = () => listObjects(stripe.state, 'payment_method')[0]?.id as string;
const listOf = async (world: World) =>
  (await world.person.get<{ data: Doc[] }>('/v1/payment-methods')).body.data;

test('a card that is saved shows brand, last digits and expiry, and nothing else of it', async () => {
  const world = await World.make(stripe, IN_ORDER);
  expect(await world.save('4242424242424242')).toMatchObject({
    ...{ type: 'card', brand: 'visa', last4: '4242', expMonth: 12, expYear: 2034 },
    isDefault: false,
  });
});

test('S18: a card that its network replaced is shown as it is now; one that was detached is gone', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.save('4242424242424242');
  replaceCard(stripe.state, newest(), { last4: '1881', exp_year: 2039 });
  await world.finish();
  expect(await listOf(world)).toMatchObject([{ last4: '1881', expYear: 2039 }]);
  detachMethod(stripe.state, newest());
  await world.finish();
  expect(await listOf(world)).toEqual([]);
});

test('one that was deleted here is detached at Stripe, and cannot be charged any more', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.save('4242424242424242');
  const saved = newest();
  expect((await world.person.delete(`/v1/payment-methods/${id}`)).status).toBe(204);
  expect(stripe.state.objects.get(saved)?.customer).toBeNull();
  const body = { package: 'SMALL', paymentMethod: id };
  expect(await world.person.post('/v1/payments', body)).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'paymentMethod', message: 'is no payment method of yours' }] },
  });
});

test('of two methods the one that was made the default last is it', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.save('4242424242424242');
  await world.save('4000002500003155');
  const [second, first] = (await listOf(world)) as [Doc, Doc];
  for (const { id } of [first, second]) {
    const { status } = await world.person.patch(`/v1/payment-methods/${id}`, { isDefault: true });
    expect(status).toBe(200);
  }
  expect((await listOf(world)).map(({ isDefault }) => isDefault)).toEqual([true, false]);
});

test('another’s method cannot be charged', async () => {
  const [alice, bob] = [await World.make(stripe, IN_ORDER), await World.make(stripe, IN_ORDER)];
  const { id } = await alice.save('4242424242424242');
  const body = { package: 'SMALL', paymentMethod: id };
  expect((await bob.person.post('/v1/payments', body)).status).toBe(422);
});
