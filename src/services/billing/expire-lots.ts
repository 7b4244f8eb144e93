import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate, findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditLot, type CreditLotDoc } from '../../models/billing/credit-lot.ts';
import { findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';
import { takeFromLot } from './lots.ts';
import { takeTurn } from './turns.ts';

/** How many are read at once; after so many that have ended, the next run goes on. */
const BATCH = 1000;

type Due = Pick<CreditLotDoc, '_id' | 'account' | 'expiresAt'>;

/**
 * Takes away what has expired. What running work holds stays until that has ended: it may be spent on that. One
 * that cannot be taken does not keep the others waiting. @returns how many lots have ended
 */
export async function expireLots(ctx: Ctx): Promise<number> {
  const { attempt, finish } = collectErrors();
  let ended = 0;
  for (let last: Due | undefined; ; ) {
    const found = await findDue(ctx, last);
    for (const lot of found) {
      const expire = () => transaction(ctx, (tx) => expireLot(tx, lot._id));
      if (await attempt(() => takeTurn(lot.account, expire))) ended++;
    }
    last = found.at(-1);
    if (found.length < BATCH || ended >= BATCH) break;
  }
  finish();
  return ended;
}

/** The next ones that have expired, of accounts whose credits are not all held. */
function findDue(ctx: Ctx, last: Due | undefined): Promise<Due[]> {
  const next = last && {
    $or: [
      { expiresAt: { $gt: last.expiresAt } },
      { expiresAt: last.expiresAt, _id: { $gt: last._id } },
    ],
  };
  const due = { remaining: { $gt: 0 }, ...hasCome(ctx, 'expiresAt'), ...next };
  return aggregate<Due>(
    ctx,
    CreditLot,
    [
      { $match: due },
      { $sort: { expiresAt: 1, _id: 1 } },
      {
        $lookup: {
          from: CreditAccount.collectionName,
          localField: 'account',
          foreignField: '_id',
          pipeline: [{ $match: { available: { $gt: 0 } } }, { $project: { _id: 1 } }],
          as: 'free',
        },
      },
      { $match: { 'free.0': { $exists: true } } },
      { $limit: BATCH },
      { $project: { account: 1, expiresAt: 1 } },
    ],
    { hint: 'expiring' },
  );
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
