import { canonicalJson } from '../../canonical-json.ts';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import type { Stored } from '../../data/entity.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { insert } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import {
  type CAUSES,
  CreditsTransaction,
  type CreditsTransactionDoc,
  type TRANSACTION_TYPES,
} from '../../models/billing/credits-transaction.ts';
import { type Credits, findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { openLot, spendLots } from './lots.ts';

/** A fact that moves credits. */
export interface NewEntry {
  account: UUID;
  type: (typeof TRANSACTION_TYPES)[number];
  cause: (typeof CAUSES)[number];
  /** What the account gains, or loses where negative. */
  amount: Credits;
  /** Where the credits come from, or go to. */
  against: UUID;
  /** The part of the account's held credits that is released with it: first to be spent. */
  release?: Credits;
  /** Unique for the business fact: the second entry with it is the first one. */
  key: string;
  payment?: UUID;
  job?: UUID;
  reverses?: UUID;
  reason?: string;
  /** The administrator who makes it. */
  by?: UUID;
  /** When what is added expires; never without. A debt is paid out of it all the same. */
  expiresAt?: Date;
  /** False where lots were dealt with already. */
  fromLots?: boolean;
}

/**
 * Writes an entry, in the caller's transaction: the account's balance and the end of its chain change with
 * it. Of two at once the database lets one win, and the transaction of the other begins anew.
 * @throws AppError INSUFFICIENT_CREDITS, NOT_FOUND
 */
export async function postEntry(tx: Ctx, entry: NewEntry): Promise<CreditsTransactionDoc> {
  if (!tx.session) throw new Error('An entry of the ledger is written in a transaction.');
  const { account: _id, amount, against, expiresAt, ...others } = entry;
  const { release = 0, fromLots = true, ...facts } = others;
  const before = await findOne(tx, CreditsTransaction, { key: facts.key });
  if (before) return before;
  const account = await findAccount(tx, _id);
  if (!account) throw new AppError('NOT_FOUND', 'There is no such credit account.');
  const available = account.available + release + amount;
  if (available < 0) throw insufficient(-amount, account.available + release);
  const isDebt = facts.cause === 'DEBT'; // lent (+), or paid (-)
  const at = tx.clock();
  const values = {
    ...facts,
    _id: newId(at),
    account: _id,
    amount,
    balanceAfter: account.available + account.held + amount,
    postings: [
      { account: _id, amount },
      { account: against, amount: -amount },
    ],
    sequence: account.sequence + 1,
    ...(account.headHash && { previousHash: account.headHash }),
  };
  const hash = hashEntry({ ...values, createdAt: new Date(at) });
  const written = await insert(
    { ...tx, promisedId: undefined, clock: () => at },
    CreditsTransaction,
    { ...values, hash },
  );
  await CreditAccount.collection.updateOne(
    { _id, sequence: account.sequence },
    {
      $set: { available, sequence: values.sequence, headHash: hash, updatedAt: new Date(at) },
      $inc: { held: -release, version: 1, ...(isDebt && { debt: amount }) },
    },
    { session: tx.session },
  );
  if (amount < 0 && fromLots && account.hasLots) await spendLots(tx, _id, -amount);
  if (expiresAt) await openLot(tx, { account: _id, source: written._id, amount, expiresAt });
  if (!isDebt && account.debt) await payDebt(tx, _id);
  return written;
}

/** Pays what an account owes out of what it has, in the transaction that has brought it credits. */
export async function payDebt(tx: Ctx, _id: UUID): Promise<void> {
  const account = await findAccount(tx, _id);
  const { debt = 0, available = 0, sequence } = account ?? {};
  const due = Math.min(debt, available);
  if (due === 0) return;
  const key = `repay:${idText(_id)}:${sequence}`;
  await postEntry(tx, {
    ...{ account: _id, type: 'SPEND', cause: 'DEBT', amount: -due, key },
    against: SYSTEM_ACCOUNTS.DEBT,
  });
}

/** The fields of an entry that its hash covers: all but itself, and what every document has. */
export function hashEntry(entry: Stored): string {
  const { hash: _hash, updatedAt: _at, version: _version, ...content } = entry;
  return hashText(canonicalJson(content));
}

/** Why credits cannot be held; undefined where they can. */
export function refuseSpend(
  account: Pick<CreditAccountDoc, 'available' | 'isFrozen'> | null | undefined,
  amount: Credits,
): AppError | undefined {
  if (account?.isFrozen) {
    return new AppError('INVALID_STATE', 'The credit account is frozen: nothing can be spent.');
  }
  const available = account?.available ?? 0;
  return available < amount ? insufficient(amount, available) : undefined;
}

/** The refusal of a spend, with what is missing. */
function insufficient(needed: Credits, available: Credits): AppError {
  const message = `This costs ${needed} credits; ${available} are available, ${needed - available} are missing.`;
  return new AppError('INSUFFICIENT_CREDITS', message);
}
