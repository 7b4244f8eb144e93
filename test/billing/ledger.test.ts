import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { insert } from '../../src/data/write.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditLot } from '../../src/models/billing/credit-lot.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { takeBack } from '../../src/services/billing/debt.ts';
import type { NewEntry } from '../../src/services/billing/ledger.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { profileOf } from '../harness/profile.ts';
import { times } from '../harness/times.ts';
import { grant, makeEntry } from './make-entry.ts';

place({ worker: false });

test('credits show the balance, what running work holds, and what is available; all zero at first', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const none = { balance: 0, held: 0, available: 0 };
  expect((await alice.get('/v1/credits')).body).toEqual(none);
  await grant(alice, 120);
  expect((await alice.get('/v1/credits')).body).toEqual({ balance: 120, held: 0, available: 120 });
  expect((await bob.get('/v1/credits')).body).toEqual(none);
});

test('an administrator gives credits, with a reason that the user reads', async () => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const gift = { user: alice.id, amount: 50, reason: 'For the trouble of Tuesday.' };
  expect((await alice.post('/v1/credits/grants', gift)).status).toBe(403);
  const { status, body } = await root.post<Doc>('/v1/credits/grants', gift);
  expect([status, body]).toMatchObject([
    201,
    { type: 'BONUS', cause: 'GRANT', amount: 50, balanceAfter: 50, sequence: 1 },
  ]);
  const { body: list } = await alice.get<{ data: Doc[] }>('/v1/credit-transactions');
  expect(list.data).toEqual([body]);
  expect(body).not.toHaveProperty('hash');
  const unknown = { ...gift, user: '00000000-0000-7000-8000-00000000abcd' };
  expect(await root.post('/v1/credits/grants', unknown)).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'user' }] },
  });
});

test('of many grants at once none is lost, and each has a number of its own', async () => {
  const alice = await given.user();
  await Promise.all(times(20, (n) => grant(alice, n + 1)));
  const { body } = await alice.get('/v1/credits');
  expect(body).toEqual({ balance: 210, held: 0, available: 210 });
  const entries = CreditsTransaction.collection.find({ account: new UUID(alice.id) });
  const numbers = (await entries.toArray()).map(({ sequence }) => sequence);
  expect(numbers.sort((a, b) => a - b)).toEqual(times(20, (n) => n + 1));
  expect((await verifyLedger()).fault).toBeUndefined();
});

test('the database itself refuses a negative balance', async () => {
  const alice = await given.user();
  await grant(alice, 5);
  const mine = { _id: new UUID(alice.id) };
  for (const change of [{ available: -6 }, { held: -1 }, { available: -0.5 }]) {
    const spent = CreditAccount.collection.updateOne(mine, { $inc: change });
    await expect(spent).rejects.toMatchObject({ code: 121 });
  }
});

test('the functions can neither change an entry nor delete it', async () => {
  await grant(await given.user(), 5);
  const { collection } = CreditsTransaction;
  const edit = collection.updateOne({}, { $set: { amount: 500 } });
  await expect(edit).rejects.toMatchObject({ code: 13 });
  await expect(collection.deleteOne({})).rejects.toMatchObject({ code: 13 });
});

let undo: (() => Promise<unknown>) | undefined;

type Tampering = (account: UUID, holder: Person) => Promise<unknown>;
const entries = () => adminCollection(CreditsTransaction);
/** An entry that is written as the product writes it, whatever it says; what is not there is lent. */
const post = (account: UUID, entry: Pick<NewEntry, 'cause' | 'amount' | 'against' | 'reverses'>) =>
  transaction(systemCtx('test'), (tx) =>
    takeBack(tx, { account, type: 'REFUND', key: `test:${newId(Date.now())}`, ...entry }),
  );
const at = (account: UUID, sequence: number) => ({ account, sequence });

test.each<[string, string, Tampering]>([
  [
    'was edited',
    'Entry 2 does not post what it says.',
    (a) => entries().updateOne(at(a, 2), { $set: { amount: 500 } }),
  ],
  [
    'was edited in words',
    'Entry 2 is not what was written.',
    (a) => entries().updateOne(at(a, 2), { $set: { reason: 'another' } }),
  ],
  ['is gone', 'Entry 2 is missing.', (a) => entries().deleteOne(at(a, 2))],
  ['was the last, and is gone', 'Entry 3 is missing.', (a) => entries().deleteOne(at(a, 3))],
  [
    'counts no longer',
    'Its balance is 31; its entries add up to 30.',
    (a) => adminCollection(CreditAccount).updateOne({ _id: a }, { $inc: { available: 1 } }),
  ],
  [
    'is held by nobody',
    'It holds 1; its open holds add up to 0.',
    (a) =>
      adminCollection(CreditAccount).updateOne({ _id: a }, { $inc: { available: -1, held: 1 } }),
  ],
  [
    'expires, and was spent already',
    'Its lots have 31; its balance is 30.',
    async (a) => {
      const lot = { account: a, remaining: 31, expiresAt: new Date(Date.now() + 1e6) };
      const source = (await entries().findOne(at(a, 1)))?._id as UUID;
      const { _id } = await insert(systemCtx('test'), CreditLot, { ...lot, source });
      undo = () => CreditLot.collection.deleteOne({ _id });
    },
  ],
  [
    'pays a debt, and was given back',
    'It owes 0; its entries add up to a debt of 10.',
    async (a) => {
      await post(a, { cause: 'PACKAGE', amount: -40, against: SYSTEM_ACCOUNTS.REFUNDS });
      await post(a, { cause: 'GRANT', amount: 10, against: SYSTEM_ACCOUNTS.PROMOTIONS });
      await post(a, { cause: 'ADJUSTMENT', amount: 10, against: SYSTEM_ACCOUNTS.DEBT });
    },
  ],
  [
    'pays a debt, and was reversed',
    'Entry 8 reverses one of DEBT, which is never reversed.',
    async (a) => {
      await post(a, { cause: 'PACKAGE', amount: -40, against: SYSTEM_ACCOUNTS.REFUNDS });
      await post(a, { cause: 'GRANT', amount: 10, against: SYSTEM_ACCOUNTS.PROMOTIONS });
      const reverses = (await entries().findOne(at(a, 7)))?._id as UUID;
      await post(a, { cause: 'DEBT', amount: 10, against: SYSTEM_ACCOUNTS.DEBT, reverses });
    },
  ],
  [
    'a payment has bought, and was reversed without that',
    'Entry 5 reverses one of payment <id>, of which it is not.',
    async (a, alice) => {
      const bought = await makeEntry(alice);
      const against = SYSTEM_ACCOUNTS.REVENUE;
      const reverses = new UUID(bought.id);
      await post(a, { cause: 'ADJUSTMENT', amount: -10, against, reverses });
      const _id = new UUID(bought.payment as string);
      undo = () => adminCollection(Payment).deleteOne({ _id });
    },
  ],
])('the verifier names what %s: %s', async (_, message, tamper) => {
  const alice = await given.user();
  for (let n = 0; n < 3; n++) await grant(alice, 10);
  const account = new UUID(alice.id);
  const before = {
    account: await adminCollection(CreditAccount).findOne({ _id: account }),
    entries: await entries().find({ account }).toArray(),
  };
  await tamper(account, alice);
  const { fault } = await verifyLedger();
  expect(fault?.account).toBe(alice.id);
  expect(fault?.message.replace(/payment \S+,/, 'payment <id>,')).toBe(message);
  await undo?.();
  undo = undefined;
  await entries().deleteMany({ account });
  await entries().insertMany(before.entries);
  await adminCollection(CreditAccount).replaceOne({ _id: account }, before.account ?? {});
  expect((await verifyLedger()).fault).toBeUndefined();
});

describe('of payments the verifier names', () => {
  const payments = () => adminCollection(Payment);

  test.each<[string, RegExp, (payment: UUID) => Promise<unknown>]>([
    [
      'credits that were not bought',
      /for 11 credits, the ledger has 10\.$/,
      (_id) => payments().updateOne({ _id }, { $set: { credits: 11 } }),
    ],
    [
      'credits that were never paid',
      /for 0 credits, the ledger has 10\.$/,
      (_id) => payments().updateOne({ _id }, { $unset: { completedAt: 1 } }),
    ],
    [
      'credits of a payment that is not there',
      /^Entry 1 is of payment .* which is not there\.$/,
      (_id) => payments().deleteOne({ _id }),
    ],
    [
      "credits on another's account",
      /^Entry 1 of another account is of payment/,
      async (_id) => {
        const user = new UUID((await given.user()).id);
        await payments().updateOne({ _id }, { $set: { user } });
      },
    ],
    [
      'money that went back, of which the credits were kept',
      /10 credits went back; the ledger has taken 0\.$/,
      (_id) => payments().updateOne({ _id }, { $set: { amount: 1, refundedAmount: 1 } }),
    ],
  ])('%s', async (_, message, tamper) => {
    const entry = await makeEntry(await given.user());
    const _id = new UUID(entry.payment as string);
    const before = await payments().findOne({ _id });
    expect((await verifyLedger()).fault).toBeUndefined();
    await tamper(_id);
    expect((await verifyLedger()).fault?.message).toMatch(message);
    await payments().replaceOne({ _id }, before ?? {}, { upsert: true });
  });
});

test('the verifier reads the ledger with as many queries for many accounts as for one', async () => {
  const queries = async () => {
    const commands = await profileOf(verifyLedger);
    return commands.filter(({ ns }) => /credit|payments|jobs/.test(ns)).length;
  };
  await grant(await given.user(), 5);
  const few = await queries();
  for (const one of await Promise.all(times(10, () => given.user()))) await grant(one, 5);
  expect(await queries()).toBe(few);
});
