import '../harness/place.ts';
import { expect, test } from 'vitest';
import { creditTransactions } from '../../functions/credit-transactions.ts';
import { paymentMethods } from '../../functions/payment-methods.ts';
import { payments } from '../../functions/payments.ts';
import { PaymentMethod } from '../../src/models/billing/payment-method.ts';
import { conforms } from '../conforms.ts';
import { leaveLedgerUnchecked } from '../harness/check-ledger.ts';
import { type Doc, given } from '../harness/given.ts';
import { stored, storedAt } from '../harness/stored.ts';
import { makeEntry } from './make-entry.ts';

// Lists are tried with copies of entries, beside each other.
leaveLedgerUnchecked();

conforms(payments, {
  make: storedAt(payments),
  body: async () => ({ package: 'SMALL' }),
  asRead: ({ checkout: _checkout, ...document }) => document,
});

conforms(paymentMethods, { make: storedAt(paymentMethods), change: { isDefault: true } });

conforms(creditTransactions, { make: makeEntry });

test('at most one payment method of a user is the default', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  await stored(PaymentMethod, alice, { isDefault: true });
  await stored(PaymentMethod, alice);
  await stored(PaymentMethod, alice, { isDefault: false });
  await stored(PaymentMethod, bob, { isDefault: true });
  const second = stored(PaymentMethod, alice, { isDefault: true });
  await expect(second).rejects.toMatchObject({ code: 'DUPLICATE' });
  const { body } = await alice.get<{ data: Doc[] }>('/v1/payment-methods');
  expect(body.data.filter((m) => m.isDefault)).toHaveLength(1);
  expect(body.data).toHaveLength(3);
});
