import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { createRefund } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { FakeError, listObjects } from '../fakes/stripe/state.ts';
import { type Doc, given } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { place } from '../harness/place.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const INTERNALS = /Stripe|req_|status \d|resource_missing|parameter/;

async function buyFor(currency: string): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy({ currency });
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  return world;
}

test.each([1, 5, 1695, 19])(
  'of dinars with three decimals %i cannot be refunded',
  async (amount) => {
    const [world, admin] = [await buyFor('KWD'), await given.admin()];
    const path = `/v1/payments/${world.payment?.id}/refund`;
    expect(await admin.post(path, { amount }, newKey())).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'amount', message: expect.stringContaining('multiple of 10') }] },
    });
    expect(() => createRefund(stripe.state, { payment_intent: world.intent, amount })).toThrow(
      'multiple of 10',
    );
    expect((await admin.post(path, { amount: 10 }, newKey())).status).toBe(200);
    expect((await admin.post(path, undefined, newKey())).status).toBe(200);
    expect(await world.finish()).toMatchObject({ status: 'REFUNDED', refundedAmount: 1700 });
  },
);

test.each(['EUR', 'JPY'])('of %s any amount can', async (currency) => {
  const [world, admin] = [await buyFor(currency), await given.admin()];
  const path = `/v1/payments/${world.payment?.id}/refund`;
  expect((await admin.post(path, { amount: 7 }, newKey())).status).toBe(200);
});

test('a refund without an Idempotency-Key is refused, which says why; with one it is made once', async () => {
  const [world, admin] = [await buyFor('EUR'), await given.admin()];
  const path = `/v1/payments/${world.payment?.id}/refund`;
  const refused = await admin.post(path, { amount: 100 });
  expect(refused).toMatchObject({
    status: 400,
    body: { code: 'BAD_REQUEST', detail: expect.stringMatching(/Idempotency-Key.* twice/) },
  });
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(listObjects(stripe.state, 'refund').map((one) => one.payment_intent)).not.toContain(
    world.intent,
  );
  const key = newKey();
  const [first, again] = [
    await admin.post(path, { amount: 100 }, key),
    await admin.post(path, { amount: 100 }, key),
  ];
  expect([first.status, again.body]).toEqual([200, first.body]);
  expect(await world.finish()).toMatchObject({ refundedAmount: 100 });
});

test('whoever is no administrator is told that first, with a key or without one', async () => {
  const world = await buyFor('EUR');
  const path = `/v1/payments/${world.payment?.id}/refund`;
  expect((await world.person.post(path)).status).toBe(403);
});

test('why a card was declined is told; what Stripe refuses for other reasons is for the log alone', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.save('4242424242424242');
  const [method] = listObjects(stripe.state, 'payment_method');
  stripe.state.objects.delete(String(method?.id));
  const refused = await world.buy({ paymentMethod: id });
  expect(refused).toMatchObject({ status: 'FAILED', error: { code: 'REFUSED' } });
  expect(JSON.stringify(refused.error)).not.toMatch(INTERNALS);
});

test('a subscription that Stripe refuses says no more', async () => {
  const world = await World.make(stripe, IN_ORDER);
  stripe.check = async ({ method, path }) => {
    if (method !== 'POST' || path !== '/v1/checkout/sessions') return;
    const code = 'parameter_invalid_empty';
    const message = 'You passed an empty string for a parameter.';
    throw new FakeError(400, { type: 'invalid_request_error', code, message });
  };
  const { body } = await world.person.post<Bought & { error: Doc }>('/v1/subscriptions', {
    plan: 'PRO',
  });
  delete stripe.check;
  expect(body).toMatchObject({ status: 'CANCELLED', error: { code: 'REFUSED' } });
  expect(JSON.stringify(body.error)).not.toMatch(INTERNALS);
});
