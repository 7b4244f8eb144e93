import '../harness/place.ts';
import { expect, test } from 'vitest';
import { UUID } from '../../src/data/ids.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { times } from '../harness/times.ts';
import { grant } from './make-entry.ts';

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

type Tampering = (account: UUID) => Promise<unknown>;
const entries = () => adminCollection(CreditsTransaction);
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
])('the verifier names what %s: %s', async (_, message, tamper) => {
  const alice = await given.user();
  for (let n = 0; n < 3; n++) await grant(alice, 10);
  const account = new UUID(alice.id);
  const before = {
    account: await adminCollection(CreditAccount).findOne({ _id: account }),
    entries: await entries().find({ account }).toArray(),
  };
  await tamper(account);
  const { fault } = await verifyLedger();
  expect(fault).toMatchObject({ account: alice.id, message });
  await entries().deleteMany({ account });
  await entries().insertMany(before.entries);
  await adminCollection(CreditAccount).replaceOne({ _id: account }, before.account ?? {});
  expect((await verifyLedger()).fault).toBeUndefined();
});
