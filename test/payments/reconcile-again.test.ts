import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { PaymentReport } from '../../src/models/billing/payment-report.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import { settlePayment } from '../../src/services/payments/settle.ts';
import { settleSubscription } from '../../src/services/payments/subscriptions/settle.ts';
import { makeIntent, succeed } from '../fakes/stripe/intents.ts';
import {
  closeDispute,
  createRefund,
  finishRefund,
  openDispute,
} from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { add, need } from '../fakes/stripe/state.ts';
import { payOpenInvoice, setBehaviour } from '../fakes/stripe/subscriptions.ts';
import { adminCollection } from '../harness/admin.ts';
import { leaveLedgerUnchecked } from '../harness/check-ledger.ts';
import { place } from '../harness/place.ts';
import { makeSubscriber } from './support/buying.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });
// What differs here differs from the ledger, too.
leaveLedgerUnchecked();

const DAY = 24 * 3600;
const ctx = systemCtx('test');

afterEach(async () => {
  for (const { object, id } of stripe.state.objects.values()) {
    if (/^(charge|refund|dispute|invoice)$/.test(object)) stripe.state.objects.delete(id);
  }
  for (const entity of [PaymentReport, Payment]) await adminCollection(entity).deleteMany({});
});
afterAll(() => stripe.stop());

/** The report of a night, so many days and two hours from now: the period ends an hour from then. */
async function report(days = 0) {
  const clock = () => Date.now() + days * DAY * 1000 + 2 * 3600_000;
  const made = await reconcilePayments({ ...ctx, clock });
  return made?.differences.map(({ kind, payment, providerId }) => [kind, payment ?? providerId]);
}

/** A payment that was made so many days ago, and of whose news nothing comes any more. */
async function buyLongAgo(days: number): Promise<{ world: World; id: UUID }> {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  world.isDeaf = true;
  const _id = new UUID(id);
  const completedAt = new Date(Date.now() - days * DAY * 1000);
  await adminCollection(Payment).updateOne({ _id }, { $set: { completedAt } });
  const { latest_charge } = need(stripe.state, world.intent, 'payment_intent');
  need(stripe.state, latest_charge, 'charge').created -= days * DAY;
  return { world, id: _id };
}

test('a refund of an old charge, of which nothing was told, is named', async () => {
  const { world, id } = await buyLongAgo(50);
  expect(await report()).toEqual([]);
  createRefund(stripe.state, { payment_intent: world.intent, amount: '200' });
  expect(await report()).toEqual([['REFUND', id]]);
  await settlePayment(ctx, id);
  expect(await report()).toEqual([]);
});

test('a debit of a bank account that succeeds days after it was made, and of which nothing was told, is named', async () => {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  const { latest_charge } = need(stripe.state, world.intent, 'payment_intent');
  const charge = need(stripe.state, latest_charge, 'charge');
  Object.assign(charge, { status: 'pending', created: charge.created - 6 * DAY });
  expect(await report()).toEqual([]);
  charge.status = 'succeeded';
  expect(await report()).toEqual([['MISSING', new UUID(id)]]);
});

test('a refund that failed long after it was made is named', async () => {
  const { world, id } = await buyLongAgo(50);
  const refund = createRefund(stripe.state, { payment_intent: world.intent });
  refund.created -= 20 * DAY;
  await settlePayment(ctx, id);
  expect(await report()).toEqual([]);
  finishRefund(stripe.state, refund.id, 'failed');
  expect(await report()).toEqual([['REFUND', id]]);
});

test('a dispute of an old charge is named: one that is open, one that was won, one that was lost', async () => {
  const { world, id } = await buyLongAgo(100);
  const dispute = openDispute(stripe.state, world.intent);
  expect(await report()).toEqual([['DISPUTE', id]]);
  await settlePayment(ctx, id);
  expect(await report()).toEqual([]);
  dispute.created -= 60 * DAY;
  closeDispute(stripe.state, dispute.id, 'won');
  expect(await report()).toEqual([['DISPUTE', id]]);
  await settlePayment(ctx, id);
  expect(await report()).toEqual([]);
  const { world: other, id: lost } = await buyLongAgo(100);
  closeDispute(stripe.state, openDispute(stripe.state, other.intent).id, 'lost');
  expect(await report()).toEqual([['REFUND', lost]]);
  await settlePayment(ctx, lost);
  expect(await report()).toEqual([]);
});

test('a loss that was named is named each night, however old the dispute, until it is known', async () => {
  const { world, id } = await buyLongAgo(100);
  const dispute = openDispute(stripe.state, world.intent);
  closeDispute(stripe.state, dispute.id, 'lost');
  for (const days of [0, 60, 200]) expect(await report(days)).toEqual([['REFUND', id]]);
  await settlePayment(ctx, id);
  expect(await report(201)).toEqual([]);
});

test('a dispute that is open here is compared, however old it is', async () => {
  const { world, id } = await buyLongAgo(100);
  const dispute = openDispute(stripe.state, world.intent);
  await settlePayment(ctx, id);
  expect(await report(300)).toEqual([]);
  closeDispute(stripe.state, dispute.id, 'won');
  expect(await report(300)).toEqual([['DISPUTE', id]]);
});

test('a dispute that was lost after all had been refunded is named while it is open here', async () => {
  const { world, id } = await buyLongAgo(2);
  createRefund(stripe.state, { payment_intent: world.intent });
  const dispute = openDispute(stripe.state, world.intent);
  await settlePayment(ctx, id);
  closeDispute(stripe.state, dispute.id, 'lost');
  expect(await report()).toEqual([['DISPUTE', id]]);
  await settlePayment(ctx, id);
  expect(await report()).toEqual([]);
});

test('an invoice that was made long before it was paid is named', async () => {
  const world = await makeSubscriber(stripe);
  setBehaviour(stripe.state, world.subscribed.id, 'DECLINES');
  await world.pass();
  world.isDeaf = true;
  const { id, latest_invoice: invoice } = world.subscribed;
  need(stripe.state, invoice, 'invoice').created -= 20 * DAY;
  payOpenInvoice(stripe.state, id);
  expect(await report(32)).toContainEqual(['MISSING', invoice]);
  // Also when its day is long over.
  expect(await report(200)).toContainEqual(['MISSING', invoice]);
  await settleSubscription(ctx, new UUID(world.subscription?.id as string));
  expect(await report(201)).not.toContainEqual(['MISSING', invoice]);
});

test('what was named is named each night until it agrees, and then no more', async () => {
  const { id } = await buyLongAgo(2);
  const all = adminCollection(Payment);
  await all.updateOne({ _id: id }, { $set: { credits: 101 } });
  for (const days of [0, 3, 6, 90]) expect(await report(days)).toEqual([['CREDITS', id]]);
  await all.updateOne({ _id: id }, { $set: { credits: 100 } });
  for (const days of [91, 92]) expect(await report(days)).toEqual([]);
});

test('a payment of which Stripe has no charge is named each night, until there is one', async () => {
  const { world, id } = await buyLongAgo(2);
  const intent = need(stripe.state, world.intent, 'payment_intent');
  stripe.state.objects.delete(intent.latest_charge);
  intent.status = 'canceled';
  for (const days of [0, 5, 10]) expect(await report(days)).toEqual([['UNKNOWN', id]]);
  intent.status = 'succeeded';
  expect(await report(11)).toEqual([]);
});

test('a second charge is named each night until it is given back', async () => {
  const { id } = await buyLongAgo(2);
  const metadata = { payment: String(id) };
  const second = makeIntent(stripe.state, { amount: '500', currency: 'eur', metadata });
  succeed(stripe.state, second);
  for (const days of [0, 5, 10]) expect(await report(days)).toEqual([['DOUBLE', id]]);
  createRefund(stripe.state, { payment_intent: second.id });
  expect(await report(11)).toEqual([]);
});

test('nights without a report, and differences that had no room in one, are made up for', async () => {
  const { id } = await buyLongAgo(20);
  const values = { charges: 0, payments: 0, differences: [], version: 1 };
  const at = (days: number) => new Date(Date.now() - days * DAY * 1000);
  const reports = adminCollection(PaymentReport);
  await adminCollection(Payment).updateOne({ _id: id }, { $set: { credits: 101 } });
  for (const times of [
    { from: at(28), to: at(25), differenceCount: 0 },
    { from: at(21), to: at(1), differenceCount: 501 },
  ]) {
    await reports.deleteMany({});
    const dates = { createdAt: at(0), updatedAt: at(0) };
    await reports.insertOne({ _id: new UUID(), ...dates, ...values, ...times } as never);
    expect(await report()).toEqual([['CREDITS', id]]);
  }
});

/** The report of this hour, whose period has ended an hour ago. */
async function reportNow() {
  const made = await reconcilePayments(ctx);
  return made?.differences.map(({ kind, payment, providerId }) => [kind, payment ?? providerId]);
}

test('what has happened in the last hour is left to the next night, and named then', async () => {
  const [refunded, disputed] = [await buyLongAgo(2), await buyLongAgo(2)];
  const dispute = openDispute(stripe.state, disputed.world.intent);
  await settlePayment(ctx, disputed.id);
  createRefund(stripe.state, { payment_intent: refunded.world.intent });
  closeDispute(stripe.state, dispute.id, 'lost');
  expect(await reportNow()).toEqual([]);
  const kinds = [
    ['REFUND', refunded.id],
    ['REFUND', disputed.id],
  ];
  expect((await report())?.sort()).toEqual(kinds.sort());
  // What was named is named again, though something happens to it.
  createRefund(stripe.state, { payment_intent: disputed.world.intent, amount: '1' });
  expect((await reportNow())?.sort()).toEqual(kinds.sort());
});

test('an invoice that was paid in the last hour is left to the next night', async () => {
  const world = await makeSubscriber(stripe);
  world.isDeaf = true;
  await world.pass();
  const { latest_invoice: invoice } = world.subscribed;
  const made = need(stripe.state, invoice, 'invoice');
  const now = Math.floor(Date.now() / 1000);
  Object.assign(made, { created: now - 7200, status_transitions: { paid_at: now } });
  for (const event of stripe.state.events)
    if (event.data.object.id === invoice) event.created = now;
  expect(await reportNow()).not.toContainEqual(['MISSING', invoice]);
  expect(await report()).toContainEqual(['MISSING', invoice]);
});

test('what Stripe does not know any more ends no report', async () => {
  const { world, id } = await buyLongAgo(2);
  const intent = need(stripe.state, world.intent, 'payment_intent');
  stripe.state.objects.delete(intent.latest_charge);
  stripe.state.objects.delete(intent.id);
  expect(await report()).toEqual([['UNKNOWN', id]]);
  stripe.check = async ({ path }) => {
    if (path.includes(`payment_intent=${intent.id}`))
      need(stripe.state, intent.id, 'payment_intent');
  };
  expect(await report(1)).toEqual([['UNKNOWN', id]]);
  delete stripe.check;
});

test('a payment without a charge is compared with the ledger', async () => {
  const { world, id } = await buyLongAgo(2);
  const { latest_charge: charge } = need(stripe.state, world.intent, 'payment_intent');
  stripe.state.objects.delete(charge);
  expect(await report()).toEqual([]);
  await adminCollection(CreditsTransaction).deleteOne({ payment: id });
  expect(await report()).toEqual([['CREDITS', id]]);
});

test('a second charge that a bank took back is as it should be', async () => {
  const { id } = await buyLongAgo(2);
  const metadata = { payment: String(id) };
  const second = makeIntent(stripe.state, { amount: '500', currency: 'eur', metadata });
  succeed(stripe.state, second);
  expect(await report()).toEqual([['DOUBLE', id]]);
  const dispute = openDispute(stripe.state, second.id);
  dispute.created -= 200 * DAY;
  closeDispute(stripe.state, dispute.id, 'lost');
  expect(await report()).toEqual([]);
});

test('a charge of a debit that is unknown here is named each night', async () => {
  const payment = '01890000-0000-7000-8000-000000000001';
  const values = { status: 'succeeded', amount: 777, amount_refunded: 0, currency: 'eur' };
  const of = { payment_intent: 'pi_unknown', metadata: { payment } };
  const { id } = add(stripe.state, 'py', 'charge', { ...values, ...of });
  for (const days of [0, 30, 60]) expect(await report(days)).toEqual([['MISSING', id]]);
});
