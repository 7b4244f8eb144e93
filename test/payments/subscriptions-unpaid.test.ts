import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { AllowanceCounter } from '../../src/models/metering/allowance-counter.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { emit, need } from '../fakes/stripe/state.ts';
import { setBehaviour } from '../fakes/stripe/subscriptions.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber } from './support/buying.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });
afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

const readPlan = async ({ person }: World) =>
  (await AllowanceCounter.collection.findOne({ _id: new UUID(person.id) }))?.paidPlan;

const findInvoice = ({ subscribed }: World) =>
  need(stripe.state, subscribed.latest_invoice, 'invoice');

async function becomePastDue(): Promise<World> {
  const world = await makeSubscriber(stripe);
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await world.pass();
  expect(await world.finish()).toMatchObject({ subscription: 'PAST_DUE' });
  return world;
}

test('one whose first debit of a bank account is on its way, and then is refused, gives no plan', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe('PRO');
  // Stripe has it active meanwhile, with an invoice that is open.
  const from = stripe.state.events.length;
  paySession(stripe.state, world.session, 'PAYS');
  stripe.state.events.splice(from);
  const { subscribed } = world;
  const invoice = findInvoice(world);
  Object.assign(invoice, { status: 'open', amount_paid: 0 });
  for (const one of invoice.payments.data) one.status = 'open';
  emit(stripe.state, 'customer.subscription.created', subscribed);
  await world.finish();
  const before = await readPlan(world);
  subscribed.status = 'past_due';
  emit(stripe.state, 'invoice.payment_failed', invoice);
  emit(stripe.state, 'customer.subscription.updated', subscribed);
  await world.finish();
  expect([before, await readPlan(world)]).toEqual([undefined, undefined]);
});

test.each([
  ['the answer of its end', /^DELETE \/v1\/subscriptions/, 'BREAKS_AFTER', 1],
  ['the list of its invoices', /^GET \/v1\/invoices/, 'BREAKS_BEFORE', 2],
] as const)(
  'of one that was ended nothing can be paid, though %s was lost',
  async (_, at, does, times) => {
    const world = await becomePastDue();
    stripe.faults.push({ at, does, times });
    const path = `/v1/subscriptions/${world.subscription?.id}/cancel`;
    const { status } = await world.person.post(path);
    if (status !== 200) expect((await world.person.post(path)).status).toBe(200);
    expect(await world.finish()).toMatchObject({ subscription: 'CANCELLED' });
    expect(findInvoice(world).status).toBe('void');
  },
);
