import '../harness/place.ts';
import { expect, test } from 'vitest';
import { creditTransactions } from '../../functions/credit-transactions.ts';
import { paymentMethods } from '../../functions/payment-methods.ts';
import { payments } from '../../functions/payments.ts';
import { UUID } from '../../src/data/ids.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { PaymentMethod } from '../../src/models/billing/payment-method.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given } from '../harness/given.ts';
import { stored, storedAt } from '../harness/stored.ts';

conforms(payments, {
  make: storedAt(payments),
  body: async () => ({ package: 'SMALL' }),
});

conforms(paymentMethods, { make: storedAt(paymentMethods) });

conforms(creditTransactions, { make: storedAt(creditTransactions) });

test('credits show the balance, what running work holds, and what is available; all zero at first', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const none = { balance: 0, held: 0, available: 0 };
  expect((await alice.get('/v1/credits')).body).toEqual(none);
  await stored(CreditAccount, alice, { balance: 120, held: 45 });
  expect((await alice.get('/v1/credits')).body).toEqual({ balance: 120, held: 45, available: 75 });
  expect((await bob.get('/v1/credits')).body).toEqual(none);
});

test('the database itself refuses a negative balance and a second credit account', async () => {
  const alice = await given.user();
  await stored(CreditAccount, alice, { balance: 5 });
  const mine = { user: new UUID(alice.id) };
  for (const change of [{ balance: -6 }, { held: -1 }, { balance: -0.5 }]) {
    const spent = CreditAccount.collection.updateOne(mine, { $inc: change });
    await expect(spent).rejects.toMatchObject({ code: 121 });
  }
  await expect(stored(CreditAccount, alice)).rejects.toMatchObject({ code: 'DUPLICATE' });
  expect((await alice.get('/v1/credits')).body).toEqual({ balance: 5, held: 0, available: 5 });
});

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
