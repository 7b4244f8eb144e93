import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert } from '../../data/write.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditLot, type CreditLotDoc } from '../../models/billing/credit-lot.ts';
import { type Credits, findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';
import { takeTurn } from './turns.ts';

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

async function takeFromLot(tx: Ctx, { _id }: CreditLotDoc, amount: Credits): Promise<void> {
  await CreditLot.collection.updateOne(
    { _id },
    { $inc: { remaining: -amount, version: 1 }, $set: { updatedAt: new Date(tx.clock()) } },
    { ...(tx.session && { session: tx.session }) },
  );
}

/**
 * Takes away what has expired. What running work holds stays until that has ended: it may be spent on that.
 * @returns how many lots have ended
 */
export async function expireLots(ctx: Ctx): Promise<number> {
  const due = { remaining: { $gt: 0 }, ...hasCome(ctx, 'expiresAt') };
  const some = { sort: { expiresAt: 1 }, limit: MOST_LOTS, hint: 'expiring' } as const;
  let ended = 0;
  for (const lot of await findMany(ctx, CreditLot, due, some)) {
    const expire = () => transaction(ctx, (tx) => expireLot(tx, lot._id));
    if (await takeTurn(lot.account, expire)) ended++;
  }
  return ended;
}

async function expireLot(tx: Ctx, _id: UUID): Promise<boolean> {
  const [lot] = await findMany(tx, CreditLot, { _id, remaining: { $gt: 0 } }, { limit: 1 });
  const account = lot && (await findAccount(tx, lot.account));
  if (!account) return false;
  const amount = Math.min(lot.remaining, account.available);
  if (amount === 0) return false;
  await takeFromLot(tx, lot, amount);
  await postEntry(tx, {
    ...{ account: account._id, type: 'SPEND', cause: 'EXPIRY', amount: -amount },
    // What is held keeps a part of it: that may expire later.
    key: `expiry:${idText(_id)}:${lot.remaining}`,
    against: SYSTEM_ACCOUNTS.PROMOTIONS,
    fromLots: false,
  });
  return true;
}
