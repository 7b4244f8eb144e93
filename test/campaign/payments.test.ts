import { vi } from 'vitest';

const stripe = await vi.hoisted(async () => {
  // Each order has a user of its own, all from one address.
  process.env.REGISTRATIONS_PER_MINUTE = '1000000';
  return (await import('../harness/stripe.ts')).startStripe();
});

import '../harness/place.ts';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { reconcilePayments } from '../../src/services/payments/reconcile.ts';
import { add, need } from '../fakes/stripe/state.ts';
import { adminCollection } from '../harness/admin.ts';
import { leaveLedgerUnchecked } from '../harness/check-ledger.ts';
import { place } from '../harness/place.ts';
import { SCENARIOS } from '../payments/support/scenarios.ts';
import { playShuffled } from '../payments/support/shuffle.ts';
import type { End } from '../payments/support/world.ts';
import { describeEnds, writeEnds } from './payments/ends.ts';

place({ worker: false });

afterAll(() => stripe.stop());

const ORDERS = Number(process.env.ORDERS ?? 200);
const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);

describe(`the end is the same in ${ORDERS} random orders, from seed ${seed}:`, () => {
  const ends: [string, End][] = [];

  // What the stand-in remembers is looked through at each call.
  beforeEach(() => {
    stripe.state.objects.clear();
    stripe.state.events.length = 0;
  });

  test.each(SCENARIOS)('$name', { timeout: 3_600_000 }, async ({ name }) => {
    let end: End | undefined;
    for (let n = 0; n < ORDERS; n++) end = await playShuffled(stripe, name, seed + n);
    expect(await verifyLedger()).not.toHaveProperty('fault');
    ends.push([name, end as End]);
  });

  afterAll(async () => {
    const table = writeEnds(ends, ORDERS);
    console.log(table);
    if (process.env.WRITE_TABLE && ends.length === SCENARIOS.length) {
      await writeFile('docs/payments.md', describeEnds(table));
    }
  });
});

test('of 10,000 payments twelve that differ are named, and no other', {
  timeout: 3_600_000,
}, async () => {
  leaveLedgerUnchecked();
  stripe.state.objects.clear();
  const [payments, entries] = [adminCollection(Payment), adminCollection(CreditsTransaction)];
  await Promise.all([payments.deleteMany({}), entries.deleteMany({})]);
  const times = { createdAt: new Date(), updatedAt: new Date(), version: 1 };
  const user = new UUID('01980000-0000-7000-8000-00000000000a');
  const made = Array.from({ length: 10_000 }, (_, n) => {
    const id = newId(Date.now());
    const price = { amount: 500, currency: n % 3 === 0 ? 'JPY' : 'EUR' };
    const metadata = { payment: id.toString() };
    const intent = add(stripe.state, 'pi', 'payment_intent', { status: 'succeeded', metadata });
    const charge = add(stripe.state, 'ch', 'charge', {
      ...{ status: 'succeeded', amount: 500, amount_refunded: 0, metadata },
      ...{ currency: price.currency.toLowerCase(), payment_intent: intent.id },
    });
    const document = {
      ...{ _id: id, user, ...price, credits: 100, package: 'SMALL', provider: 'STRIPE' },
      ...{ providerId: `cs_${n}`, intentId: intent.id, flow: 'CHECKOUT', status: 'COMPLETED' },
      ...{ refundedAmount: 0, completedAt: new Date(), ...times },
    };
    const entry = {
      ...{ _id: newId(Date.now()), account: user, type: 'PURCHASE', cause: 'PACKAGE' },
      ...{ amount: 100, balanceAfter: 100 * (n + 1), postings: [], payment: id },
      ...{ key: `payment:${id}`, sequence: n + 1, hash: 'none', ...times },
    };
    return { id, intent: intent.id, charge: charge.id, document, entry };
  });
  await payments.insertMany(made.map(({ document }) => document));
  await entries.insertMany(
    made.map(({ entry }) => entry),
    { bypassDocumentValidation: true },
  );
  const set = (n: number, values: object) =>
    payments.updateOne({ _id: made[n]?.id as UUID }, { $set: values });
  await set(100, { amount: 499 });
  await set(1000, { amount: 5000 });
  await set(2000, { currency: 'USD' });
  await set(3000, { currency: 'GBP' });
  await set(4000, { status: 'PENDING' });
  await payments.deleteOne({ _id: made[5000]?.id as UUID });
  await set(6000, { refundedAmount: 1 });
  await entries.deleteOne({ payment: made[7000]?.id as UUID });
  const [double, kept] = [made[6500], made[7500]];
  const more = { _id: new UUID(), key: 'test:double', sequence: 10_001 };
  await entries.insertOne({ ...double?.entry, ...more } as never, {
    bypassDocumentValidation: true,
  });
  const refunded = need(stripe.state, kept?.charge, 'charge');
  refunded.amount_refunded = 250;
  await set(7500, { refundedAmount: 250 });
  const twice = made[8000];
  add(stripe.state, 'ch', 'charge', {
    ...{ status: 'succeeded', amount: 500, amount_refunded: 0, currency: 'eur' },
    ...{ payment_intent: twice?.intent, metadata: { payment: String(twice?.id) } },
  });
  await set(8000, { currency: 'EUR' });
  const only = made[9000]?.intent as string;
  for (const { id, payment_intent } of stripe.state.objects.values()) {
    if (payment_intent === only) stripe.state.objects.delete(id);
  }
  stripe.state.objects.delete(only);
  const period = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) };
  const report = await reconcilePayments(systemCtx('test'), period);
  expect(report?.charges).toBe(10_000);
  expect(report?.differences.map(({ kind }) => kind).sort()).toEqual([
    ...['AMOUNT', 'AMOUNT', 'CREDITS', 'CREDITS', 'CURRENCY', 'CURRENCY', 'DOUBLE', 'DOUBLE'],
    ...['MISSING', 'MISSING', 'REFUND', 'UNKNOWN'],
  ]);
});
