import '../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { Payment } from '../../src/models/billing/payment.ts';
import { SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { takeBack } from '../../src/services/billing/debt.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { grant, makeEntry } from './make-entry.ts';

place({ worker: false });

const ctx = systemCtx('test');

const listEntries = async (person: Person) =>
  (await person.get<{ data: Doc[] }>('/v1/credit-transactions')).body.data;

/** Finds the newest entry of this cause. */
const findEntry = async (person: Person, cause: string) =>
  (await listEntries(person)).find((entry) => entry.cause === cause)?.id;

/** A payment, all of which went back although half of its credits were spent. */
async function borrow(person: Person): Promise<void> {
  const { payment } = await makeEntry(person);
  const account = new UUID(person.id);
  const of = { account, payment: new UUID(payment as string), key: `test:${payment}` };
  const root = await given.admin();
  const spent = { user: person.id, amount: -5, reason: 'for a test' };
  await root.post('/v1/credits/adjustments', spent);
  const paid = await Payment.collection.findOne({ _id: of.payment });
  const refunded = { refundedAmount: paid?.amount };
  await Payment.collection.updateOne({ _id: of.payment }, { $set: refunded });
  const against = SYSTEM_ACCOUNTS.REFUNDS;
  await transaction(ctx, (tx) =>
    takeBack(tx, { ...of, type: 'REFUND', cause: 'PACKAGE', amount: -10, against }),
  );
}

/** An entry that another fact owns. */
type Make = (person: Person) => Promise<string | undefined>;

test.each<[string, RegExp, Make]>([
  ['that a payment has bought', /payment/, async (alice) => (await makeEntry(alice)).id],
  [
    'that went back with a payment',
    /payment/,
    async (alice) => {
      await borrow(alice);
      return findEntry(alice, 'PACKAGE');
    },
  ],
  [
    'that were lent',
    /debt/,
    async (alice) => {
      await borrow(alice);
      return findEntry(alice, 'DEBT');
    },
  ],
  [
    'that have paid a debt',
    /debt/,
    async (alice) => {
      await borrow(alice);
      await grant(alice, 20);
      return findEntry(alice, 'DEBT');
    },
  ],
  [
    'that have expired',
    /expired/,
    async (alice) => {
      const expiresAt = new Date(Date.now() + 60_000);
      await grantCredits(ctx, { user: new UUID(alice.id), amount: 5, reason: 'a gift', expiresAt });
      await expireLots({ ...ctx, clock: () => Date.now() + 120_000 });
      return findEntry(alice, 'EXPIRY');
    },
  ],
])('credits %s are not given or taken once more by a reversal', async (_, what, make) => {
  const [alice, root] = await Promise.all([given.user(), given.admin()]);
  const entry = await make(alice);
  const before = await listEntries(alice);
  const { status, body } = await root.post('/v1/credits/reversals', { entry, reason: 'oops' });
  expect([status, body.code]).toEqual([409, 'INVALID_STATE']);
  expect(body.detail).toMatch(what);
  expect(body.detail).toMatch(/instead\.$/);
  expect(await listEntries(alice)).toEqual(before);
});
