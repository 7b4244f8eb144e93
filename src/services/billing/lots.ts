import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { insert } from '../../data/write.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditLot, type CreditLotDoc } from '../../models/billing/credit-lot.ts';
import type { Credits } from './accounts.ts';

/** More than anybody has at once. */
const MOST_LOTS = 1000;

/** Credits that came by this entry expire at that time: in its transaction. */
export async function openLot(
  tx: Ctx,
  lot: { account: UUID; source: UUID; amount: Credits; expiresAt: Date },
): Promise<void> {
  const { account, source, amount, expiresAt } = lot;
  const values = { account, source, remaining: amount, expiresAt };
  await insert({ ...tx, promisedId: undefined }, CreditLot, values);
  await CreditAccount.collection.updateOne(
    { _id: account },
    { $set: { hasLots: true } },
    { ...(tx.session && { session: tx.session }) },
  );
}

/** Takes what is spent from what expires first, in the transaction of the spend. */
export async function spendLots(tx: Ctx, account: UUID, amount: Credits): Promise<void> {
  const left = { account, remaining: { $gt: 0 } };
  const order = { sort: { expiresAt: 1 }, limit: MOST_LOTS, hint: 'left' } as const;
  let due = amount;
  for (const lot of await findMany(tx, CreditLot, left, order)) {
    if (due === 0) return;
    const taken = Math.min(due, lot.remaining);
    await takeFromLot(tx, lot, taken);
    due -= taken;
  }
}

/** Takes so much from a lot, in the transaction of what spends it. */
export async function takeFromLot(tx: Ctx, { _id }: CreditLotDoc, amount: Credits): Promise<void> {
  await CreditLot.collection.updateOne(
    { _id },
    { $inc: { remaining: -amount, version: 1 }, $set: { updatedAt: new Date(tx.clock()) } },
    { ...(tx.session && { session: tx.session }) },
  );
}
