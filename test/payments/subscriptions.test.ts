import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { subscriptions } from '../../functions/subscriptions.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { Subscription } from '../../src/models/billing/subscription.ts';
import { settleSubscription } from '../../src/services/payments/subscriptions/settle.ts';
import { tendSubscriptions } from '../../src/services/payments/subscriptions/tend.ts';
import { conforms } from '../conforms.ts';
import { expireSession, paySession } from '../fakes/stripe/sessions.ts';
import { readClock } from '../fakes/stripe/state.ts';
import {
  endSubscription,
  giveUpInvoice,
  payOpenInvoice,
  setBehaviour,
} from '../fakes/stripe/subscriptions.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber } from './support/buying.ts';
import { pollLater } from './support/scenarios.ts';
import { type Bought, IN_ORDER, World } from './support/world.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const DAY = 24 * 3600_000;
const FOREVER = () => Number.POSITIVE_INFINITY;

const subscribe = (plan?: string) => makeSubscriber(stripe, plan);

/** The schedule, so many days later by the clocks of both sides. */
function tendLater(days: number) {
  const ahead = stripe.state.ahead * 1000 + days * DAY;
  return tendSubscriptions({ ...systemCtx('test'), clock: () => Date.now() + ahead }, FOREVER);
}

async function readPlan(person: Person): Promise<[string, number | undefined]> {
  const { body } = await person.get<{ plan: string; data: { metric: string; limit: number }[] }>(
    '/v1/allowances',
  );
  return [body.plan, body.data.find(({ metric }) => metric === 'RENDERS')?.limit];
}

const read = async ({ person, subscription }: World) =>
  (await person.get<Doc>(`/v1/subscriptions/${subscription?.id}`)).body;

test('a plan gives its allowances and credits once it is paid, and nothing before', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { status, body } = await world.person.get<{ data: Doc[] }>('/v1/subscription-plans');
  expect([status, body.data.map(({ name }) => name)]).toEqual([200, ['PRO', 'STUDIO']]);
  await world.subscribe('PRO');
  expect(await world.finish()).toMatchObject({ subscription: 'PENDING', balance: 0, payments: 0 });
  expect(await readPlan(world.person)).toEqual(['FREE', 3]);
  paySession(stripe.state, world.session, 'PAYS');
  expect(await world.finish()).toMatchObject({ subscription: 'ACTIVE', balance: 500, payments: 1 });
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  const payments = await world.person.get<{ data: Doc[] }>('/v1/payments');
  expect(payments.body.data).toMatchObject([
    {
      ...{ flow: 'SUBSCRIPTION', package: 'PRO', amount: 1900, currency: 'EUR', credits: 500 },
      ...{ subscription: world.subscription?.id, invoiceUrl: expect.stringContaining('in_') },
    },
  ]);
});

test('a period that is not paid keeps the plan for a week of grace, then loses it, and has it again once paid', async () => {
  const world = await subscribe();
  const { id } = world.subscribed;
  setBehaviour(stripe.state, id, 'LACKS_FUNDS');
  await world.pass();
  expect(await read(world)).toMatchObject({ status: 'PAST_DUE', graceUntil: expect.any(String) });
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  await tendLater(6.9);
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  await tendLater(7.1);
  expect(await readPlan(world.person)).toEqual(['FREE', 3]);
  const { body } = await world.person.post<Bought>(
    `/v1/subscriptions/${world.subscription?.id}/checkout`,
  );
  expect(String(body.url)).toMatch(/\/pay\/in_/);
  payOpenInvoice(stripe.state, id);
  expect(await world.finish()).toMatchObject({
    subscription: 'ACTIVE',
    balance: 1000,
    payments: 2,
  });
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
});

test('an invoice that was given up shortens no later grace: that is counted from what is unpaid since', async () => {
  const world = await subscribe();
  const { id } = world.subscribed;
  setBehaviour(stripe.state, id, 'DECLINES');
  await world.pass();
  giveUpInvoice(stripe.state, id);
  setBehaviour(stripe.state, id, 'PAYS');
  for (let n = 0; n < 3; n++) await world.pass();
  expect(await world.finish()).toMatchObject({ subscription: 'ACTIVE', payments: 4 });
  setBehaviour(stripe.state, id, 'DECLINES');
  await world.pass();
  const graceUntil = new Date(readClock(stripe.state) * 1000 + 7 * DAY).toISOString();
  expect(await read(world)).toMatchObject({ status: 'PAST_DUE', graceUntil });
  await tendLater(6.9);
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  // What is unpaid for another period does not make it longer.
  await world.pass();
  expect(await read(world)).toMatchObject({ status: 'PAST_DUE', graceUntil });
  await tendLater(0);
  expect(await readPlan(world.person)).toEqual(['FREE', 3]);
});

test('one that is never paid again has ended when Stripe gives up', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await world.pass();
  endSubscription(stripe.state, world.subscribed.id);
  expect(await world.finish()).toMatchObject({ subscription: 'CANCELLED', balance: 500 });
  expect(await readPlan(world.person)).toEqual(['FREE', 3]);
  // Another one can begin.
  expect((await world.person.post('/v1/subscriptions', { plan: 'PRO' })).status).toBe(201);
});

test('a dearer plan counts once its difference is paid: a card that is refused leaves all as it was', async () => {
  const world = await subscribe();
  await world.pass(0.25);
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  const refused = await world.change('plan', { plan: 'STUDIO' });
  expect(refused).toMatchObject({ status: 'ACTIVE', plan: 'PRO' });
  expect(refused.checkout.url).toMatch(/\/pay\/in_/);
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  // Asked for once more, it is the same invoice.
  expect((await world.change('plan', { plan: 'STUDIO' })).checkout).toEqual(refused.checkout);
  payOpenInvoice(stripe.state, world.subscribed.id);
  // Three quarters of 1500.
  expect(await world.finish()).toMatchObject({ plan: 'STUDIO', balance: 500 + 1125, payments: 2 });
  expect(await readPlan(world.person)).toEqual(['STUDIO', 500]);
});

test('a dearer plan that is asked for twice is charged once', async () => {
  const world = await subscribe();
  await world.pass(0.5);
  for (let n = 0; n < 2; n++) await world.change('plan', { plan: 'STUDIO' });
  expect(await world.finish()).toMatchObject({ plan: 'STUDIO', balance: 500 + 750, payments: 2 });
});

test('a smaller plan that was chosen for the next period is given up at no cost', async () => {
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  expect(await world.change('plan', { plan: 'PRO' })).toMatchObject({ nextPlan: 'PRO' });
  const back = await world.change('plan', { plan: 'STUDIO' });
  expect([back.plan, back.nextPlan, back.checkout]).toEqual(['STUDIO', undefined, {}]);
  await world.pass();
  expect(await world.finish()).toMatchObject({ plan: 'STUDIO', balance: 4000, payments: 2 });
});

test('one that is to end with its period can go on after all; else it keeps its plan until then', async () => {
  const world = await subscribe();
  expect(await world.change('cancel')).toMatchObject({ cancelAtPeriodEnd: true, status: 'ACTIVE' });
  expect(await world.change('resume')).toMatchObject({ cancelAtPeriodEnd: false });
  await world.change('cancel');
  expect(await readPlan(world.person)).toEqual(['PRO', 50]);
  await world.pass();
  expect(await read(world)).toMatchObject({ status: 'CANCELLED', endedAt: expect.any(String) });
  expect(await readPlan(world.person)).toEqual(['FREE', 3]);
  const path = `/v1/subscriptions/${world.subscription?.id}`;
  for (const action of ['cancel', 'resume', 'checkout']) {
    expect((await world.person.post(`${path}/${action}`)).status, action).toBe(409);
  }
});

test('a user has one open subscription, however many are asked for at once', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const ask = () => world.person.post('/v1/subscriptions', { plan: 'PRO' });
  const answers = await Promise.all([ask(), ask(), ask(), ask()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  world.subscription = answers.find(({ status }) => status === 201)?.body as Bought;
  expect(await world.change('cancel')).toMatchObject({ status: 'CANCELLED' });
  expect((await ask()).status).toBe(201);
});

test('a session that expires ends the subscription that it was for', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe('PRO');
  expireSession(stripe.state, world.session);
  await world.finish();
  expect(await read(world)).toMatchObject({ status: 'CANCELLED', error: { code: 'EXPIRED' } });
});

test.each([2, 25 * 60])(
  'one whose opening nobody heard of is looked up %i minutes later',
  async (minutes) => {
    const world = await World.make(stripe, IN_ORDER);
    stripe.faults.push({ at: /^POST \/v1\/checkout\/sessions$/, does: 'BREAKS_AFTER', times: 2 });
    expect((await world.person.post('/v1/subscriptions', { plan: 'PRO' })).status).toBe(503);
    const { body } = await world.person.get<{ data: Bought[] }>('/v1/subscriptions');
    world.subscription = body.data[0] as Bought;
    await pollLater(minutes);
    const path = `/v1/subscriptions/${world.subscription.id}/checkout`;
    const checkout = await world.person.post<{ url: string }>(path);
    world.subscription.checkout = checkout.body;
    paySession(stripe.state, world.session, 'PAYS');
    expect(await world.finish()).toMatchObject({ subscription: 'ACTIVE', balance: 500 });
  },
);

test('an answer that is overtaken by another one does not stay', async () => {
  const world = await subscribe();
  const { id } = world.subscribed;
  setBehaviour(stripe.state, id, 'DECLINES');
  await world.pass();
  const answered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  stripe.beforeAnswer = async ({ path }) => {
    if (path !== `/v1/subscriptions/${id}`) return;
    stripe.beforeAnswer = undefined;
    answered.resolve();
    await released.promise;
  };
  const [ctx, ours] = [systemCtx('test'), new UUID(world.subscription?.id as string)];
  const late = settleSubscription(ctx, ours);
  await answered.promise;
  payOpenInvoice(stripe.state, id);
  await settleSubscription(ctx, ours);
  released.resolve();
  await late;
  expect(await read(world)).toMatchObject({ status: 'ACTIVE' });
  await world.finish();
});

test('an answer of before that comes last is looked at once more, though others found nothing to change', async () => {
  const world = await subscribe();
  const { id } = world.subscribed;
  const { current_period_end: end } = world.subscribed.items.data[0];
  setBehaviour(stripe.state, id, 'DECLINES');
  stripe.advance(end - readClock(stripe.state));
  const [ctx, ours] = [systemCtx('test'), new UUID(world.subscription?.id as string)];
  stripe.beforeAnswer = async ({ path }) => {
    if (path !== `/v1/subscriptions/${id}`) return;
    stripe.beforeAnswer = undefined;
    // It says PAST_DUE, and is on its way.
    payOpenInvoice(stripe.state, id);
  };
  await settleSubscription(ctx, ours);
  expect(await read(world)).toMatchObject({ status: 'ACTIVE' });
  await world.finish();
});

test('a plan that an administrator gave goes before the one that is paid for', async () => {
  const [world, admin] = [await subscribe(), await given.admin()];
  const override = { user: world.person.id, plan: 'STUDIO', reason: 'a partner' };
  expect((await admin.post('/v1/allowances/overrides', override)).status).toBe(200);
  expect(await readPlan(world.person)).toEqual(['STUDIO', 500]);
});

test('the period that is paid is told, and it is Stripe’s', async () => {
  const world = await subscribe();
  const { periodStart, periodEnd } = await read(world);
  const { current_period_end: end } = world.subscribed.items.data[0];
  expect(new Date(periodStart as string).getTime()).toBe(readClock(stripe.state) * 1000);
  expect(new Date(periodEnd as string).getTime()).toBe(end * 1000);
});

test('a stranger’s subscription is not there', async () => {
  const [world, bob] = [await subscribe(), await given.user()];
  const path = `/v1/subscriptions/${world.subscription?.id}`;
  for (const action of ['cancel', 'resume', 'checkout']) {
    expect((await bob.post(`${path}/${action}`)).status, action).toBe(404);
  }
  expect((await bob.post(`${path}/plan`, { plan: 'STUDIO' })).status).toBe(404);
});

conforms(subscriptions, {
  make: async (person) => {
    // Of those that have ended a user may have many.
    const values = { user: new UUID(person.id), plan: 'PRO', currency: 'EUR', status: 'CANCELLED' };
    const { _id } = await insert(systemCtx('test'), Subscription, values);
    return (await person.get<Doc>(`/v1/subscriptions/${_id}`)).body;
  },
});
