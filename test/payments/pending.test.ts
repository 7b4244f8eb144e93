import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import type { Entity, Stored } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { Subscription } from '../../src/models/billing/subscription.ts';
import { adminCollection } from '../harness/admin.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { pollLater } from './support/scenarios.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const MANY = 250; // more than one run looks at
const HOUR = 60; // in minutes
const SESSIONS = /^POST \/v1\/checkout\/sessions$/;

/** So many like this one, of others, which are older. */
async function addOlder(entity: Entity, id: string, make: (n: number) => object): Promise<void> {
  const all = adminCollection(entity);
  const { outbox: _, ...like } = (await all.findOne({ _id: new UUID(id) })) as Stored;
  const createdAt = new Date(Date.now() - 1000);
  const copies = times(MANY, (n) => ({ ...like, createdAt, _id: newId(Date.now()), ...make(n) }));
  await all.insertMany(copies as Stored[]);
}

async function losePayment(world: World): Promise<string> {
  stripe.faults.push({ at: SESSIONS, does: 'BREAKS_AFTER', times: 2 });
  expect((await world.person.post('/v1/payments', { package: 'SMALL' })).status).toBe(503);
  const { body } = await world.person.get<{ data: Doc[] }>('/v1/payments');
  return (body.data[0] as Doc).id;
}

const statusOf = async ({ person }: World, path: string) =>
  (await person.get<Doc>(path)).body.status;

test('a payment whose opening is unknown is looked up, however many wait to be paid', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.buy();
  await addOlder(Payment, id, (n) => ({ providerId: `cs_waits_${n}` }));
  const lost = await losePayment(world);
  await pollLater();
  expect((await world.person.post(`/v1/payments/${lost}/checkout`)).status).toBe(200);
});

test('payments that cannot be looked up keep none waiting that nobody has paid', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.buy();
  await addOlder(Payment, id, (n) => ({ providerId: `cs_gone_${n}` }));
  stripe.advance(27 * HOUR * 60);
  for (let n = 0; n < 3; n++) await pollLater(27 * HOUR);
  expect(await statusOf(world, `/v1/payments/${id}`)).toBe('FAILED');
});

test('a subscription whose opening is unknown is looked up, however many wait to be paid', async () => {
  const world = await World.make(stripe, IN_ORDER);
  stripe.faults.push({ at: SESSIONS, does: 'BREAKS_AFTER', times: 2 });
  expect((await world.person.post('/v1/subscriptions', { plan: 'PRO' })).status).toBe(503);
  const { body } = await world.person.get<{ data: Bought[] }>('/v1/subscriptions');
  const { id } = body.data[0] as Doc;
  const make = (n: number) => ({ user: newId(Date.now()), checkoutId: `cs_waits_${n}` });
  await addOlder(Subscription, id, make);
  await pollLater();
  const known = await Subscription.collection.findOne({ _id: new UUID(id) });
  expect(known?.checkoutId).toMatch(/^cs_/);
});

test('subscriptions that cannot be looked up keep none waiting whose time has come', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.subscribe('PRO');
  const make = (n: number) => ({ user: newId(Date.now()), checkoutId: `cs_gone_${n}` });
  await addOlder(Subscription, id, make);
  stripe.advance(27 * HOUR * 60);
  for (let n = 0; n < 3; n++) await pollLater(27 * HOUR);
  expect(await statusOf(world, `/v1/subscriptions/${id}`)).toBe('CANCELLED');
});
