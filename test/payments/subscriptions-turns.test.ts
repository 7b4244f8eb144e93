import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { config } from '../../src/config.ts';
import { UUID } from '../../src/data/ids.ts';
import { Subscription } from '../../src/models/billing/subscription.ts';
import { need } from '../fakes/stripe/state.ts';
import { setBehaviour } from '../fakes/stripe/subscriptions.ts';
import type { Doc } from '../harness/given.ts';
import { newKey } from '../harness/new-key.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber, readAmounts } from './support/buying.ts';
import type { World } from './support/world.ts';

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
afterEach(() => {
  stripe.faults.splice(0);
  stripe.beforeAnswer = undefined;
});
afterAll(() => stripe.stop());

/** In the middle of a period of STUDIO. */
async function subscribe(): Promise<World> {
  const world = await makeSubscriber(stripe, 'STUDIO');
  await world.pass(0.5);
  return world;
}

const ask = ({ person, subscription }: World, plan: string, key = newKey()) =>
  person.post<Doc & { detail: string }>(
    `/v1/subscriptions/${subscription?.id}/plan`,
    { plan },
    key,
  );

const CHANGES = /^POST \/v1\/subscriptions\/\w+$/;

async function finishAmounts(world: World): Promise<unknown[]> {
  await world.finish();
  return readAmounts(world);
}

test.each([
  ['LABEL', 'PRO', [7000, 5900]],
  ['PRO', 'LABEL', [5900]],
  ['LABEL', 'LABEL', [7000, 5900]],
])(
  'of two changes at once, to %s and to %s, the first is done and the other refused',
  async (...of) => {
    const [first, second, amounts] = of;
    const world = await subscribe();
    const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    stripe.beforeAnswer = async ({ path }) => {
      if (path !== `/v1/subscriptions/${world.subscribed.id}`) return;
      stripe.beforeAnswer = undefined;
      begun.resolve();
      await released.promise;
    };
    const slow = ask(world, first);
    await begun.promise;
    const refused = await ask(world, second);
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringMatching('Another')]);
    released.resolve();
    expect((await slow).status).toBe(200);
    expect(await finishAmounts(world)).toEqual(amounts);
    // It can be changed again.
    expect((await ask(world, first)).status).toBe(200);
  },
);

test('after an unknown outcome the same request goes on at once, and others a minute later', async () => {
  const world = await subscribe();
  const key = newKey();
  stripe.faults.push({ at: CHANGES, does: 'BREAKS_BEFORE', times: 4 });
  expect((await ask(world, 'LABEL', key)).status).toBe(503);
  expect((await ask(world, 'PRO')).status).toBe(409);
  expect((await ask(world, 'LABEL', key)).status).toBe(503);
  const _id = new UUID(world.subscription?.id as string);
  const { changing } = (await Subscription.collection.findOne({ _id })) as { changing?: Turn };
  expect(Number(changing?.until) - Date.now()).toBeGreaterThan(30_000);
  const over = { 'changing.until': new Date(Date.now() - 1) };
  await Subscription.collection.updateOne({ _id }, { $set: over });
  expect((await ask(world, 'PRO')).status).toBe(200);
  expect(await finishAmounts(world)).toEqual([5900]);
});

interface Turn {
  until: Date;
}

test('what Stripe refuses keeps nobody waiting', async () => {
  const world = await subscribe();
  stripe.check = async ({ method, path }) => {
    if (!CHANGES.test(`${method} ${path}`)) return;
    const { FakeError } = await import('../fakes/stripe/state.ts');
    throw new FakeError(400, { type: 'invalid_request_error', code: 'no', message: 'No.' });
  };
  expect((await ask(world, 'LABEL')).status).toBe(409);
  delete stripe.check;
  expect((await ask(world, 'LABEL')).status).toBe(200);
});

test('a dearer plan is refused while a smaller one is to come, until that is undone', async () => {
  const world = await subscribe();
  expect(await world.change('plan', { plan: 'PRO' })).toMatchObject({ nextPlan: 'PRO' });
  const refused = await ask(world, 'LABEL');
  expect([refused.status, refused.body.detail]).toEqual([
    409,
    expect.stringMatching('choose STUDIO first'),
  ]);
  expect((await ask(world, 'STUDIO')).status).toBe(200);
  expect((await ask(world, 'LABEL')).status).toBe(200);
  // Half of the difference.
  expect(await finishAmounts(world)).toEqual([7000, 5900]);
});

test('until a period that has begun is charged, the plan is not changed', async () => {
  const world = await subscribe();
  await world.pass();
  // Stripe takes an hour for it.
  const invoice = need(stripe.state, world.subscribed.latest_invoice, 'invoice');
  invoice.status = 'draft';
  const refused = await ask(world, 'LABEL');
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('an hour')]);
  invoice.status = 'paid';
  expect((await ask(world, 'LABEL')).status).toBe(200);
  expect(await finishAmounts(world)).toEqual([14_000, 5900, 5900]);
});

test('while a change waits to be paid, another one is refused', async () => {
  const world = await subscribe();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await ask(world, 'LABEL');
  const other = await ask(world, 'PRO');
  expect([other.status, other.body.detail]).toEqual([409, expect.stringContaining('waits')]);
  expect((await ask(world, 'LABEL')).status).toBe(200);
});
