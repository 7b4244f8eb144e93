import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const PAYS = '4242424242424242';
const ASKS = '4000002500003155';
const DELAYS = '4000000000005126';

async function openPage(id: string, form?: Record<string, string>): Promise<[number, string]> {
  const sent = form && { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(`${stripe.url}/pay/${id}`, sent);
  return [response.status, await response.text()];
}

async function buyInClient(): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy({ flow: 'INTENT' });
  return world;
}

test('a PaymentIntent has a page, at which it is declined, then paid', async () => {
  const world = await buyInClient();
  expect(await openPage(world.intent)).toEqual([200, expect.stringContaining('500 EUR')]);
  const [, declined] = await openPage(world.intent, { card: '4000000000000002' });
  expect(declined).toContain('Your card was declined.');
  await world.flush();
  const [, paid] = await openPage(world.intent, { card: PAYS });
  expect(paid).toContain('It is paid');
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
  // Once: pressed again, nothing more is charged.
  expect((await openPage(world.intent, { card: PAYS }))[0]).toBe(200);
  expect(await world.finish()).toMatchObject({ balance: 100, purchases: 1 });
});

test.each([
  ['yes', { status: 'COMPLETED', balance: 100 }],
  ['no', { status: 'PENDING', balance: 0 }],
])('a PaymentIntent whose bank asks is answered there: %s', async (bank, end) => {
  const world = await buyInClient();
  const [, asked] = await openPage(world.intent, { card: ASKS });
  expect(asked).toContain('was this you?');
  await openPage(world.intent, { bank });
  expect(await world.finish()).toMatchObject(end);
});

test.each([
  ['yes', { status: 'COMPLETED', balance: 100 }],
  ['no', { status: 'PENDING', balance: 0 }],
])('a PaymentIntent that is paid days later ends there: %s', async (delayed, end) => {
  const world = await buyInClient();
  const [, waits] = await openPage(world.intent, { card: DELAYS });
  expect(waits).toContain('which takes days');
  await openPage(world.intent, { delayed });
  expect(await world.finish()).toMatchObject(end);
});

test('a charge with nobody there, which the bank asks about, is finished there', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.save(ASKS);
  await world.buy({ paymentMethod: id });
  const [, asked] = await openPage(world.intent);
  expect(asked).toContain('was this you?');
  await openPage(world.intent, { bank: 'yes' });
  expect(await world.finish()).toMatchObject({ status: 'COMPLETED', balance: 100 });
});

test('what is not there, or has no page, is a 404', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.buy();
  const customer = [...stripe.state.objects.values()].find((one) => one.object === 'customer');
  for (const id of ['pi_unknown', 'cs_unknown', 'nonsense', String(customer?.id)]) {
    expect((await openPage(id))[0], id).toBe(404);
    expect((await openPage(id, { card: PAYS }))[0], id).toBe(404);
  }
});
