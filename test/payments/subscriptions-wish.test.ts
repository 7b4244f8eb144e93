import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { config } from '../../src/config.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { Subscription } from '../../src/models/billing/subscription.ts';
import { tendSubscriptions } from '../../src/services/payments/subscriptions/tend.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { emit, need } from '../fakes/stripe/state.ts';
import { payOpenInvoice, setBehaviour } from '../fakes/stripe/subscriptions.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

const CREDITS = { PRO: 500, STUDIO: 2000, LABEL: 8000 };
const AMOUNTS = { PRO: 1900, STUDIO: 5900, LABEL: 19_900 };

beforeAll(() => {
  const plans = Object.entries(AMOUNTS).map(([name, EUR]) => ({
    ...{ name, interval: 'MONTH' as const, amounts: { EUR } },
    credits: CREDITS[name as keyof typeof CREDITS],
  }));
  config.subscriptionPlans.splice(0, config.subscriptionPlans.length, ...plans);
});
afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

/** A subscription to STUDIO, after which PRO is to come. */
async function subscribe(): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe('STUDIO');
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  await world.pass(0.3);
  expect(await world.change('plan', { plan: 'PRO' })).toMatchObject({ nextPlan: 'PRO' });
  return world;
}

const ask = ({ person, subscription }: World, plan: string) =>
  person.post<Doc & { detail: string }>(`/v1/subscriptions/${subscription?.id}/plan`, { plan });

/** The schedule, so many minutes later by our clock. */
function tend(minutes = 3) {
  const clock = () => Date.now() + minutes * 60_000;
  return tendSubscriptions({ ...systemCtx('test'), clock }, () => Number.POSITIVE_INFINITY);
}

/** Stripe gives an update up that was not paid within a day. */
function expire(world: World): void {
  const { subscribed } = world;
  need(stripe.state, subscribed.latest_invoice, 'invoice').status = 'void';
  subscribed.pending_update = null;
  emit(stripe.state, 'customer.subscription.updated', subscribed);
}

async function readAmounts({ person }: World): Promise<unknown[]> {
  const { body } = await person.get<{ data: Doc[] }>('/v1/payments');
  return body.data.map(({ amount }) => amount);
}

const hasWish = async ({ subscription }: World) => {
  const _id = new UUID(subscription?.id as string);
  return 'wish' in ((await Subscription.collection.findOne({ _id })) ?? {});
};

test('a smaller plan that was to come does, where a dearer one is never paid for', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  expect((await ask(world, 'LABEL')).status).toBe(200);
  await tend();
  expect(await hasWish(world)).toBe(true);
  expire(world);
  setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
  await world.finish();
  await tend();
  expect(await hasWish(world)).toBe(false);
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([1900, 5900]);
});

test.each([
  ['is answered by nobody', 'BREAKS_BEFORE', 1000],
  ['meets errors', 500, 1000],
] as const)('and where the call for it %s', async (_, does, n) => {
  const world = await subscribe();
  // The first one undoes what was to come.
  let calls = 0;
  stripe.beforeAnswer = async ({ method, path }) => {
    if (method !== 'POST' || !/^\/v1\/subscriptions\//.test(path) || ++calls > 1) return;
    stripe.faults.push({ at: /^POST \/v1\/subscriptions\//, does, times: n });
  };
  expect((await ask(world, 'LABEL')).status).toBe(503);
  stripe.beforeAnswer = undefined;
  stripe.faults.splice(0);
  await tend(1);
  expect(await hasWish(world)).toBe(true);
  await tend();
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([1900, 5900]);
});

test('also at once, when an event tells that the change has ended', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  const _id = new UUID(world.subscription?.id as string);
  const at = new Date(Date.now() - 23 * 3600_000);
  await Subscription.collection.updateOne({ _id }, { $set: { 'wish.at': at } });
  expire(world);
  setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
  await world.finish();
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([1900, 5900]);
});

test('but not where the dearer one is paid for, also later', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
  payOpenInvoice(stripe.state, world.subscribed.id);
  await world.finish();
  await tend();
  expect(await hasWish(world)).toBe(false);
  await world.pass();
  await world.finish();
  expect((await readAmounts(world))[0]).toBe(19_900);
});

test('nor where its user has chosen the plan that is paid since', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  expire(world);
  setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
  expect((await ask(world, 'STUDIO')).status).toBe(200);
  await tend();
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([5900, 5900]);
});

test('a plan that was to come does, though the call that wanted another one is answered by nobody', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  expire(world);
  setBehaviour(stripe.state, world.subscribed.id, 'PAYS');
  stripe.faults.push({ at: /^POST \/v1\/subscriptions\//, does: 'BREAKS_BEFORE', times: 2 });
  expect((await ask(world, 'PRO')).status).toBe(503);
  await tend();
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([1900, 5900]);
});

test('while a change waits to be paid, another one is refused', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  const other = await ask(world, 'PRO');
  expect([other.status, other.body.detail]).toEqual([409, expect.stringContaining('waits')]);
  expect((await ask(world, 'LABEL')).status).toBe(200);
});
