import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { CreditLot } from '../../models/billing/credit-lot.ts';
import { findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';
import { takeFromLot } from './lots.ts';
import { takeTurn } from './turns.ts';

/** How many are expired in one run. */
const BATCH = 1000;

/**
 * Takes away what has expired. What running work holds stays until that has ended: it may be spent on that.
 * @returns how many lots have ended
 */
export async function expireLots(ctx: Ctx): Promise<number> {
  const due = { remaining: { $gt: 0 }, ...hasCome(ctx, 'expiresAt') };
  const some = { sort: { expiresAt: 1 }, limit: BATCH, hint: 'expiring' } as const;
  const { attempt, finish } = collectErrors();
  let ended = 0;
  for (const lot of await findMany(ctx, CreditLot, due, some)) {
    const expire = () => transaction(ctx, (tx) => expireLot(tx, lot._id));
    if (await attempt(() => takeTurn(lot.account, expire))) ended++;
  }
  finish();
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
