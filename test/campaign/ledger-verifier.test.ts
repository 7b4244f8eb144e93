import '../harness/place.ts';
import { expect, test } from 'vitest';
import { newId, type UUID } from '../../src/data/ids.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { hashEntry } from '../../src/services/billing/ledger.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { adminCollection } from '../harness/admin.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const ENTRIES = Number(process.env.ENTRIES ?? 200_000);
const OF_ONE = 200;

/** An account with so many gifts, as the ledger would have written them. */
function makeAccount(): { account: object; entries: object[] } {
  const _id = newId(Date.now());
  const at = new Date();
  const times = { createdAt: at, updatedAt: at, version: 1 };
  const entries: object[] = [];
  let previousHash: string | undefined;
  for (let sequence = 1; sequence <= OF_ONE; sequence++) {
    const entry = {
      ...{ type: 'BONUS', cause: 'GRANT', reason: 'for a test', key: `test:${newId(Date.now())}` },
      ...{ _id: newId(Date.now()), account: _id, amount: 1, balanceAfter: sequence },
      postings: [
        { account: _id, amount: 1 },
        { account: SYSTEM_ACCOUNTS.PROMOTIONS, amount: -1 },
      ],
      ...{ sequence, ...(previousHash && { previousHash }), createdAt: at },
    };
    const hash = hashEntry(entry as never);
    entries.push({ ...entry, hash, updatedAt: at, version: 1 });
    previousHash = hash;
  }
  const sums = { available: OF_ONE, held: 0, debt: 0, sequence: OF_ONE, headHash: previousHash };
  const owner = { kind: 'USER', id: _id };
  const account = { _id, owner, purpose: 'USER', isFrozen: false, ...sums, ...times };
  return { account, entries };
}

test(`${ENTRIES} entries are verified, 20,000 or more a second, within 200 MB`, async () => {
  for (let n = 0; n < ENTRIES; n += 10 * OF_ONE) {
    const made = Array.from({ length: 10 }, makeAccount);
    await adminCollection(CreditAccount).insertMany(made.map(({ account }) => account as never));
    const entries = made.flatMap((one) => one.entries);
    await adminCollection(CreditsTransaction).insertMany(entries as never);
  }
  global.gc?.();
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const report = await verifyLedger();
  const seconds = (performance.now() - began) / 1000;
  const used = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(
    `verified ${Math.round(ENTRIES / seconds)} entries a second, with ${used.toFixed(0)} MB more`,
  );
  expect(report).toEqual({ accounts: ENTRIES / OF_ONE, entries: ENTRIES });
  expect(used).toBeLessThan(200);
  if (!process.env.SLOW) expect(ENTRIES / seconds).toBeGreaterThan(20_000);
});

test('one entry that was changed is named, wherever it is', async () => {
  const { collection } = CreditsTransaction;
  const [last] = await collection.find().sort({ account: -1, sequence: -1 }).limit(1).toArray();
  const { account, sequence } = last as unknown as { account: UUID; sequence: number };
  await adminCollection(CreditsTransaction).updateOne(
    { account, sequence },
    { $inc: { amount: 1 } },
  );
  const { fault } = await verifyLedger();
  expect(fault).toMatchObject({ account: String(account), sequence });
});
