import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import { deleteCustomer } from '../fakes/stripe/customers.ts';
import type { Seen } from '../fakes/stripe/fake.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { listObjects } from '../fakes/stripe/state.ts';
import { setBehaviour } from '../fakes/stripe/subscriptions.ts';
import { place } from '../harness/place.ts';
import { pollLater, SCENARIOS } from '../payments/support/scenarios.ts';
import { IN_ORDER, World } from '../payments/support/world.ts';
import { type StripeMock, startStripeMock } from './support/stripe-mock.ts';

place({ worker: false });

let mock: StripeMock;
const refused: string[] = [];

beforeAll(async () => {
  mock = await startStripeMock();
  stripe.check = async (seen: Seen) => {
    try {
      await mock.check(seen);
    } catch (error) {
      refused.push((error as Error).message);
      throw error;
    }
  };
});

afterAll(async () => {
  mock?.stop();
  await stripe.stop();
});

test.each(SCENARIOS)('Stripe’s own description takes each request of: $name', async (scenario) => {
  const world = await World.make(stripe, IN_ORDER);
  const played = scenario.play(world).then(() => world.finish());
  const end = await played.catch((error: unknown) => {
    throw new Error(`${String(error)}\n${refused.join('\n')}`);
  });
  expect(refused).toEqual([]);
  expect(end).toEqual(scenario.ends);
});

test('stripe-mock refuses a parameter that Stripe does not know', async () => {
  const seen = { method: 'POST', path: '/v1/customers', body: 'nonsense=1' };
  await expect(mock.check(seen)).rejects.toThrow(/additional properties are not allowed/);
});

test('and each request of what scenarios do not come to', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const method = await world.save('4242424242424242');
  await world.buy({ flow: 'INTENT' });
  // Nobody pays, until it is canceled.
  await pollLater(27 * 60);
  await world.finish();
  // Stripe's own lists are searched for what is too old to be asked for again.
  stripe.faults.push({ at: /sessions$/, does: 'BREAKS_BEFORE', times: 2 });
  stripe.faults.push({ at: /payment_intents$/, does: 'BREAKS_BEFORE', times: 2 });
  await world.person.post('/v1/payments', { package: 'SMALL' });
  await world.person.post('/v1/payments', { package: 'SMALL', flow: 'INTENT' });
  await pollLater(27 * 60);
  await world.person.delete(`/v1/payment-methods/${method.id}`);
  stripe.faults.push({ at: /sessions$/, does: 'BREAKS_BEFORE', times: 2 });
  await world.person.post('/v1/subscriptions', { plan: 'PRO' });
  await pollLater(27 * 60);
  // One that is not paid for ends at once: before its first period, and in a later one.
  await world.subscribe('PRO');
  await world.change('cancel');
  await world.subscribe('PRO');
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await world.pass();
  await world.change('checkout');
  await world.change('cancel');
  await reconcilePayments(systemCtx('test'));
  // A key that is spent, and a customer who is deleted.
  const other = await World.make(stripe, IN_ORDER);
  stripe.faults.push({ at: /^POST \/v1\/customers$/, does: 500 });
  await other.buy();
  deleteCustomer(stripe.state, listObjects(stripe.state, 'customer')[0]?.id as string);
  await other.flush();
  expect(refused).toEqual([]);
});

test('each kind of request was among them', () => {
  expect([...mock.calls].sort()).toEqual(
    expect.arrayContaining([
      'GET /v1/charges',
      'GET /v1/customers/search',
      'GET /v1/customers/{id}',
      'GET /v1/checkout/sessions',
      'GET /v1/checkout/sessions/{id}',
      'GET /v1/disputes',
      'DELETE /v1/subscriptions/{id}',
      'GET /v1/events',
      'GET /v1/invoices',
      'GET /v1/invoices/{id}',
      'GET /v1/payment_intents',
      'GET /v1/payment_intents/{id}',
      'GET /v1/payment_intents/search',
      'GET /v1/payment_methods/{id}',
      'GET /v1/refunds',
      'GET /v1/subscriptions/{id}',
      'POST /v1/checkout/sessions',
      'POST /v1/checkout/sessions/{id}/expire',
      'POST /v1/customers',
      'POST /v1/customers/{id}',
      'POST /v1/payment_intents',
      'POST /v1/payment_intents/{id}/cancel',
      'POST /v1/payment_methods/{id}/detach',
      'POST /v1/products',
      'POST /v1/refunds',
      'POST /v1/setup_intents',
      'POST /v1/subscriptions/{id}',
    ]),
  );
});
