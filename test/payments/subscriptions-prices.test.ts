import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { config } from '../../src/config.ts';
import { emit, need } from '../fakes/stripe/state.ts';
import type { Doc } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber, readAmounts } from './support/buying.ts';

place({ worker: false });

afterAll(() => stripe.stop());

/** The plans that are sold from now on, and for how much. */
function offer(amounts: Record<string, number>): void {
  const plans = Object.entries(amounts).map(([name, EUR]) => ({
    ...{ name, credits: CREDITS[name] as number, interval: 'MONTH' as const, amounts: { EUR } },
  }));
  config.subscriptionPlans.splice(0, config.subscriptionPlans.length, ...plans);
}

const CREDITS: Record<string, number> = { PRO: 500, STUDIO: 2000, LABEL: 8000 };

const subscribe = (plan: string) => makeSubscriber(stripe, plan);

test('who gives a smaller plan up that was to come goes on at the price that was paid', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  await world.change('plan', { plan: 'PRO' });
  offer({ PRO: 1900, STUDIO: 5900 });
  expect(await world.change('plan', { plan: 'STUDIO' })).toMatchObject({ plan: 'STUDIO' });
  await world.pass();
  expect(await world.finish()).toMatchObject({ balance: 4000, payments: 2 });
  expect(await readAmounts(world)).toEqual([4000, 4000]);
});

test('what is left of a plan is given back at the price that was paid, though a smaller one was to come', async () => {
  offer({ PRO: 1000, STUDIO: 4000, LABEL: 10_000 });
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  await world.change('plan', { plan: 'PRO' });
  offer({ PRO: 1900, STUDIO: 5900, LABEL: 10_000 });
  await world.change('plan', { plan: 'STUDIO' });
  expect(await world.change('plan', { plan: 'LABEL' })).toMatchObject({ plan: 'LABEL' });
  // Half of each.
  expect(await readAmounts(world)).toEqual([5000 - 2000, 4000]);
});

test('a plan that costs more today than another one that was paid is the dearer one, and only then', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  offer({ PRO: 4500, STUDIO: 5900 });
  expect(await world.change('plan', { plan: 'PRO' })).toMatchObject({ plan: 'PRO' });
  expect(await readAmounts(world)).toEqual([2250 - 2000, 4000]);
});

test('a smaller plan that was to come stays so, though it costs more than what was paid by now', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  await world.change('plan', { plan: 'PRO' });
  offer({ PRO: 4500, STUDIO: 5900 });
  const again = await world.change('plan', { plan: 'PRO' });
  expect([again.plan, again.nextPlan]).toEqual(['STUDIO', 'PRO']);
  await world.pass();
  await world.finish();
  expect(await readAmounts(world)).toEqual([1000, 4000]);
});

test('a plan that is sold no more is given back at its price, though a smaller one was to come', async () => {
  offer({ STUDIO: 4000, PRO: 1000 });
  const world = await subscribe('STUDIO');
  await world.pass(0.5);
  await world.change('plan', { plan: 'PRO' });
  offer({ PRO: 1900, LABEL: 10_000 });
  await world.change('plan', { plan: 'STUDIO' });
  expect(await world.change('plan', { plan: 'LABEL' })).toMatchObject({ plan: 'LABEL' });
  expect(await readAmounts(world)).toEqual([5000 - 2000, 4000]);
});

test('each period brings the credits that its plan was sold with, though it is sold otherwise today, or no more', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('PRO');
  config.subscriptionPlans.splice(0, 1);
  await world.pass();
  expect(await world.finish()).toMatchObject({ balance: 1000, payments: 2 });
  offer({ PRO: 1000, STUDIO: 4000 });
  Object.assign(config.subscriptionPlans[0] as object, { credits: 2500 });
  await world.change('plan', { plan: 'STUDIO' });
  // The difference of a whole period.
  expect(await world.finish()).toMatchObject({ balance: 1000 + 1500, plan: 'STUDIO' });
});

test('an extra on the invoice is no plan', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('PRO');
  await world.pass();
  expect(await world.finish()).toMatchObject({ balance: 1000, plan: 'PRO' });
  const { latest_invoice } = world.subscribed;
  const [line] = need(stripe.state, latest_invoice, 'invoice').lines.data;
  const pricing = { ...line.pricing, price_details: { price: 'p', product: 'prod_SetupFee' } };
  const extra = { ...structuredClone(line), amount: 300, pricing };
  need(stripe.state, latest_invoice, 'invoice').lines.data.push(extra);
  emit(stripe.state, 'customer.subscription.updated', world.subscribed);
  expect(await world.finish()).toMatchObject({ balance: 1000, plan: 'PRO' });
});

test('a change of the plan leaves an extra as it is, also one that stands before the plan', async () => {
  offer({ PRO: 1000, STUDIO: 4000 });
  const world = await subscribe('PRO');
  const { data } = world.subscribed.items;
  const [item] = data;
  const price = { ...item.price, id: 'price_extra', product: 'prod_Extra' };
  data.unshift({ ...structuredClone(item), id: 'si_extra', price });
  await world.change('plan', { plan: 'STUDIO' });
  const products = world.subscribed.items.data.map((one: Doc) => (one.price as Doc).product);
  expect(products).toEqual(['prod_Extra', expect.stringMatching(/^plan-STUDIO/)]);
});
