import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => (await import('../harness/stripe.ts')).startStripe());

import '../harness/place.ts';
import { afterAll, expect, test } from 'vitest';
import { paymentReports } from '../../functions/payment-reports.ts';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { insert } from '../../src/data/write.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { PaymentReport } from '../../src/models/billing/payment-report.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import { conforms } from '../conforms.ts';
import { succeed } from '../fakes/stripe/intents.ts';
import { createRefund, openDispute } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { add, need } from '../fakes/stripe/state.ts';
import { adminCollection } from '../harness/admin.ts';
import { leaveLedgerUnchecked } from '../harness/check-ledger.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { IN_ORDER, World } from './support/world.ts';

place({ worker: false });
// What differs here differs from the ledger, too.
leaveLedgerUnchecked();

afterAll(() => stripe.stop());

const now = () => ({ from: new Date(Date.now() - 3600_000), to: new Date(Date.now() + 60_000) });
const reconcile = () => reconcilePayments(systemCtx('test'), now());

async function buy(): Promise<{ world: World; id: UUID; charge: string }> {
  const world = await World.make(stripe, IN_ORDER);
  const { id } = await world.buy();
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  const { latest_charge: charge } = need(stripe.state, world.intent, 'payment_intent');
  return { world, id: new UUID(id), charge };
}

test('books that agree have no difference, a dispute that is open among them', async () => {
  const { world } = await buy();
  await buy();
  openDispute(stripe.state, world.intent);
  await world.finish();
  add(stripe.state, 'ch', 'charge', {
    ...{ status: 'succeeded', amount: 1, amount_refunded: 0, currency: 'eur', metadata: {} },
    payment_intent: null,
  }); // another application's
  expect(await reconcile()).toMatchObject({ differences: [], differenceCount: 0 });
});

test('each kind of difference is named, once, with the payment that it is about', async () => {
  const spoil = adminCollection(Payment);
  const wanted: [string, UUID | undefined][] = [];
  const set = async (kind: string, values: object) => {
    const { id } = await buy();
    await spoil.updateOne({ _id: id }, { $set: values });
    wanted.push([kind, id]);
  };
  await set('AMOUNT', { amount: 501 });
  await set('CURRENCY', { currency: 'USD' });
  await set('REFUND', { refundedAmount: 100 });
  await set('CREDITS', { credits: 101 });
  await set('MISSING', { status: 'PENDING' });
  const lost = await buy();
  await spoil.deleteOne({ _id: lost.id });
  wanted.push(['MISSING', undefined]);
  const forged = await buy();
  stripe.state.objects.delete(forged.charge);
  need(stripe.state, forged.world.intent, 'payment_intent').status = 'canceled';
  wanted.push(['UNKNOWN', forged.id]);
  const twice = await buy();
  succeed(stripe.state, need(stripe.state, twice.world.intent, 'payment_intent'));
  wanted.push(['DOUBLE', twice.id]);
  // An entry of another key, and credits that were kept though the money went back.
  const doubled = await buy();
  const ledger = adminCollection(CreditsTransaction);
  const entry = await ledger.findOne({ payment: doubled.id });
  const again = { _id: new UUID(), key: 'test:again', sequence: 2 };
  await ledger.insertOne({ ...entry, ...again } as never);
  wanted.push(['DOUBLE', doubled.id]);
  const kept = await buy();
  createRefund(stripe.state, { payment_intent: kept.world.intent, amount: '250' });
  await kept.world.finish();
  await ledger.deleteOne({ payment: kept.id, type: 'REFUND' });
  wanted.push(['CREDITS', kept.id]);
  const report = await reconcile();
  const found = report?.differences.map(({ kind, payment }) => `${kind} ${payment ?? ''}`);
  expect(found?.sort()).toEqual(wanted.map(([kind, id]) => `${kind} ${id ?? ''}`).sort());
});

test('an invoice of a subscription that is paid, and not here, is named', async () => {
  const world = await World.make(stripe, IN_ORDER);
  await world.subscribe('PRO');
  paySession(stripe.state, world.session, 'PAYS');
  await world.finish();
  const { latest_invoice: invoice } = world.subscribed;
  const [credits, payments] = [adminCollection(CreditsTransaction), adminCollection(Payment)];
  expect(await reconcile()).not.toMatchObject({
    differences: expect.arrayContaining([expect.objectContaining({ providerId: invoice })]),
  });
  const lost = await payments.findOne({ providerId: invoice });
  await credits.deleteOne({ payment: lost?._id as UUID });
  await payments.deleteOne({ providerId: invoice });
  const report = await reconcile();
  const found = report?.differences.filter(({ providerId }) => providerId === invoice);
  expect(found).toMatchObject([{ kind: 'MISSING' }]);
});

test('an administrator sees it all as pages, too', async () => {
  const { id } = await buy();
  const admin = await given.admin();
  const one = await admin.get(`/v1/admin/payments/${id}`, { accept: 'text/html' });
  expect(one.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const text of [
    'COMPLETED',
    '5.00 EUR for 100 credits',
    'checkout.session.completed',
    '+100',
  ]) {
    expect(one.text).toContain(text);
  }
  const path = '/v1/admin/payments?status=COMPLETED&limit=1';
  const first = await admin.get(path, { accept: 'text/html' });
  expect(first.text).toContain(String(id));
  const next = /href="\?([^"]+)">Older/.exec(first.text)?.[1]?.replaceAll('&amp;', '&');
  const second = await admin.get(`/v1/admin/payments?${next}`, { accept: 'text/html' });
  expect([second.status, second.text.includes(String(id))]).toEqual([200, false]);
  expect((await admin.get(path)).headers.get('content-type')).toMatch(/^application\/json/);
});

test('an administrator sees a payment with its events and entries, and all payments', async () => {
  const { id } = await buy();
  const [admin, alice] = await Promise.all([given.admin(), given.user()]);
  const path = `/v1/admin/payments/${id}`;
  const { body } = await admin.get<Record<string, Doc & Doc[]>>(path);
  expect(body).toMatchObject({ payment: { id: String(id), status: 'COMPLETED' }, disputes: [] });
  expect(body.entries).toMatchObject([{ type: 'PURCHASE', amount: 100 }]);
  const types = body.events?.map(({ type }) => type);
  expect(types?.sort()).toEqual(['checkout.session.completed', 'payment_intent.succeeded']);
  const listed = await admin.get<{ data: Doc[] }>('/v1/admin/payments?status=COMPLETED');
  expect(listed.body.data[0]?.id).toBe(String(id));
  expect((await alice.get(path)).status).toBe(403);
  expect((await alice.get('/v1/admin/payments')).status).toBe(403);
});

conforms(paymentReports, {
  person: given.admin,
  make: async (admin) => {
    const times = { from: new Date(), to: new Date() };
    const counts = { charges: 1, payments: 1, differenceCount: 0, differences: [] };
    const { _id } = await insert(systemCtx('test'), PaymentReport, { ...times, ...counts });
    return (await admin.get<Doc>(`/v1/admin/payment-reports/${_id}`)).body;
  },
});
