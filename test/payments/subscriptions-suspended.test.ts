import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  await import('./support/plans.ts');
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { handler as runJobs } from '../../functions/run-jobs.ts';
import { UUID } from '../../src/data/ids.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { Subscription } from '../../src/models/billing/subscription.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { add, FakeError, need } from '../fakes/stripe/state.ts';
import { setBehaviour } from '../fakes/stripe/subscriptions.ts';
import { given, type Person } from '../harness/given.ts';
import { invocation, sqsEvent } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber } from './support/buying.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });

let admin: Person;
beforeAll(async () => {
  admin = await given.admin();
});
afterEach(() => stripe.faults.splice(0));
afterAll(() => stripe.stop());

async function subscribe(): Promise<World> {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe('PRO');
  return world;
}

const subscribeAndPay = () => makeSubscriber(stripe);

async function setActive({ person }: World, isActive: boolean): Promise<void> {
  expect((await admin.patch(`/v1/users/${person.id}`, { isActive })).status).toBe(200);
}

/** The minute, or the wait for another try, passes: the jobs that wait run. Returns what has become of them. */
async function runLater({ person }: World): Promise<string[]> {
  const ours = { type: 'end-suspended-subscription', 'input.user': new UUID(person.id) };
  await Job.collection.updateMany(
    { ...ours, status: 'QUEUED' },
    { $set: { runAfter: new Date(0) } },
  );
  // There are two: one at once, and one a minute later.
  for (let n = 0; n < 2; n++) await runJobs(sqsEvent('{"queue":"PROVIDER"}'), invocation());
  const jobs = await Job.collection.find(ours).toArray();
  return [...new Set(jobs.map(({ status }) => status as string))];
}

const read = ({ subscription }: World) =>
  Subscription.collection.findOne({ _id: new UUID(subscription?.id as string) });

test('who is switched off is charged for no further period', async () => {
  const world = await subscribeAndPay();
  await setActive(world, false);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(await read(world)).toMatchObject({ status: 'ACTIVE', cancelAtPeriodEnd: true });
  await world.pass();
  await world.flush();
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
});

test('a period that has begun before it was seen to is ended at once, and given back', async () => {
  const world = await subscribeAndPay();
  await world.pass(0.99999);
  await setActive(world, false);
  stripe.faults.push({ at: /^GET \/v1\/subscriptions/, does: 'BREAKS_BEFORE', times: 4 });
  expect(await runLater(world)).toEqual(['QUEUED']);
  await world.pass();
  await world.flush();
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
  const mine = Payment.collection.find({ user: new UUID(world.person.id) });
  const payments = await mine.sort({ createdAt: 1 }).toArray();
  const amounts = payments.map(({ amount, refundedAmount }) => [amount, refundedAmount]);
  expect(amounts).toEqual([
    [1900, 0],
    [1900, 1900],
  ]);
});

test('a period that cannot be given back is ended all the same', async () => {
  const world = await subscribeAndPay();
  await world.pass(0.99999);
  await setActive(world, false);
  await world.pass();
  await world.flush();
  stripe.check = async ({ method, path }) => {
    const message = 'The charge is disputed.';
    const refusal = { type: 'invalid_request_error', code: 'charge_disputed', message };
    if (method === 'POST' && path === '/v1/refunds') throw new FakeError(400, refusal);
  };
  expect(await runLater(world)).toEqual(['COMPLETED']);
  delete stripe.check;
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
});

test('an invoice that was made, and is not charged yet, is not charged any more', async () => {
  const world = await subscribeAndPay();
  const { id: subscription, customer } = world.subscribed;
  add(stripe.state, 'in', 'invoice', {
    ...{ customer, status: 'draft', lines: { data: [] }, payments: { data: [] } },
    parent: { subscription_details: { subscription, metadata: {} } },
  });
  await setActive(world, false);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  // Stripe charges nothing of one that has ended.
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
});

test('who is switched on again may go on with the subscription', async () => {
  const world = await subscribeAndPay();
  await setActive(world, false);
  await runLater(world);
  expect(await read(world)).toMatchObject({ cancelAtPeriodEnd: true });
  await setActive(world, true);
  const again = await world.person.signsIn();
  const resumed = await again.post(`/v1/subscriptions/${world.subscription?.id}/resume`);
  expect(resumed).toMatchObject({ status: 200, body: { cancelAtPeriodEnd: false } });
});

test('who is switched on again at once does not lose the subscription', async () => {
  const world = await subscribeAndPay();
  await setActive(world, false);
  await setActive(world, true);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(await read(world)).toMatchObject({ status: 'ACTIVE', cancelAtPeriodEnd: false });
});

test('one that is past due ends at once, though no event has told that it is', async () => {
  const world = await subscribeAndPay();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  world.isDeaf = true;
  await world.pass();
  await setActive(world, false);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
  await expectPayable(world, false);
});

/** Whether the newest invoice can still be paid. */
async function expectPayable({ subscribed }: World, isOpen: boolean): Promise<void> {
  const { status } = need(stripe.state, subscribed.latest_invoice, 'invoice');
  expect(status === 'open').toBe(isOpen);
}

test('a change of the plan that waits to be paid can be paid no more', async () => {
  const world = await subscribeAndPay();
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await world.change('plan', { plan: 'STUDIO' });
  await expectPayable(world, true);
  await setActive(world, false);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  await expectPayable(world, false);
  expect(world.subscribed).toMatchObject({ pending_update: null, cancel_at_period_end: true });
});

test('what was subscribed to between two switches is not given back by the first', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await setActive(world, false);
  await setActive(world, true);
  const again = await World.make(stripe, IN_ORDER, await world.person.signsIn());
  await again.subscribe('PRO');
  paySession(stripe.state, again.session, 'PAYS');
  await again.finish();
  // Some time after that began.
  vi.setSystemTime(Date.now() + 60_000);
  await setActive(again, false);
  vi.useRealTimers();
  await runLater(again); // four in all
  expect(await runLater(again)).toEqual(['COMPLETED']);
  expect(await read(again)).toMatchObject({ status: 'ACTIVE', cancelAtPeriodEnd: true });
});

test('one that is still to be paid for can be paid no more', async () => {
  const world = await subscribe();
  await setActive(world, false);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(need(stripe.state, world.session, 'checkout.session').status).toBe('expired');
  expect(await read(world)).toMatchObject({ status: 'CANCELLED' });
});

test('while Stripe is out of reach, the subscription waits to be ended', async () => {
  const world = await subscribeAndPay();
  await setActive(world, false);
  stripe.faults.push({ at: /^POST \/v1\/subscriptions/, does: 'BREAKS_BEFORE', times: 4 });
  expect(await runLater(world)).toEqual(['QUEUED']);
  expect(await runLater(world)).toEqual(['COMPLETED']);
  expect(await read(world)).toMatchObject({ cancelAtPeriodEnd: true });
});

test('who is switched off without any subscription needs no Stripe', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await setActive(world, false);
  stripe.faults.push({ at: /./, does: 500, times: 9 });
  expect(await runLater(world)).toEqual(['COMPLETED']);
});
