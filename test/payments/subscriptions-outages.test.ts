import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { parseForm } from '../fakes/stripe/form.ts';
import { setBehaviour, updateSubscription } from '../fakes/stripe/subscriptions.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber, readAmounts } from './support/buying.ts';
import type { Bought, World } from './support/world.ts';

place({ worker: false });

afterEach(() => {
  stripe.faults.splice(0);
  stripe.beforeAnswer = undefined;
});
afterAll(() => stripe.stop());

const CHANGES = /^POST \/v1\/subscriptions\/\w+$/;

/** In the middle of a period. */
async function subscribe(plan = 'PRO'): Promise<World> {
  const world = await makeSubscriber(stripe, plan);
  await world.pass(0.5);
  return world;
}

/** The same request each time: nothing that Stripe tells arrives meanwhile. */
function upgrade({ person, subscription }: World, plan = 'STUDIO') {
  const path = `/v1/subscriptions/${subscription?.id}/plan`;
  return person.post<Bought>(path, { plan }, { 'idempotency-key': `upgrade-${subscription?.id}` });
}

async function expectOneUpgrade(world: World): Promise<void> {
  expect(await world.finish()).toMatchObject({ plan: 'STUDIO', balance: 500 + 750, payments: 2 });
  expect(await readAmounts(world)).toEqual([2000, 1900]);
  await world.pass();
  expect(await world.finish()).toMatchObject({ plan: 'STUDIO', balance: 3250, payments: 3 });
}

test('an error of Stripe’s own for a change of the plan, which it keeps, is none for who asks', async () => {
  const world = await subscribe();
  // The library asks twice.
  stripe.faults.push({ at: CHANGES, does: 500, times: 2 });
  expect((await upgrade(world)).status).toBe(200);
  await expectOneUpgrade(world);
});

test('the same request succeeds once the errors end that Stripe has kept, and is charged once', async () => {
  const world = await subscribe();
  stripe.faults.push({ at: CHANGES, does: 500, times: 4 });
  expect([(await upgrade(world)).status, (await upgrade(world)).status]).toEqual([503, 200]);
  await expectOneUpgrade(world);
});

test('a change of the plan whose answer is lost is found by the same request, and stays', async () => {
  const world = await subscribe();
  stripe.faults.push({ at: CHANGES, does: 'BREAKS_AFTER', times: 2 });
  expect([(await upgrade(world)).status, (await upgrade(world)).status]).toEqual([503, 200]);
  await expectOneUpgrade(world);
});

test.each([['PAYS'], ['DECLINES']] as const)(
  'a change that Stripe has made, though it keeps an error for it, is found: the card %s',
  async (does) => {
    const world = await subscribe();
    const { id } = world.subscribed;
    setBehaviour(stripe.state, id, does);
    stripe.faults.push({ at: CHANGES, does: 500, times: 2 });
    stripe.beforeAnswer = async ({ method, path, body }) => {
      if (!CHANGES.test(`${method} ${path}`)) return;
      stripe.beforeAnswer = undefined;
      updateSubscription(stripe.state, id, parseForm(body));
    };
    const { status, body } = await upgrade(world);
    expect(status).toBe(200);
    if (does === 'PAYS') return expectOneUpgrade(world);
    expect(body.checkout.url).toContain(world.subscribed.latest_invoice);
    expect(await world.finish()).toMatchObject({ plan: 'PRO', payments: 1 });
  },
);
