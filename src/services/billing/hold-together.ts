import type { Ctx } from '../../context.ts';
import { idText, listDistinct, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { insertMany } from '../../data/write.ts';
import type { AppError } from '../../errors.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import type { Credits } from './accounts.ts';
import { refuseSpend } from './ledger.ts';

/** Credits that a job needs, of whoever it is for. */
export interface NewHold {
  job: UUID;
  account: UUID;
  amount: Credits;
}

/** A hold, with the context of whoever asks for it. */
interface Wanted extends NewHold {
  ctx: Ctx;
}

/**
 * Reserves credits for many jobs in one transaction, with one command for their accounts and one for the holds. It is
 * decided in their order. Where an account changes meanwhile, the database has the transaction begin anew.
 * @returns for each why it is refused, or undefined where its credits are held
 */
export async function holdTogether(tx: Ctx, wanted: Wanted[]): Promise<(AppError | undefined)[]> {
  const { refusals, spent } = decide(wanted, await readAccounts(tx, wanted));
  const accepted = wanted.filter((_, n) => !refusals[n]);
  if (accepted.length === 0) return refusals;
  await holdInAccounts(tx, [...spent.values()]);
  const holds = accepted.map(({ ctx, account, job, amount }) => ({
    ctx,
    values: { account, job, amount },
  }));
  await insertMany(tx, CreditHold, holds);
  return refusals;
}

/** What decides whether credits can be held. */
type Account = Pick<CreditAccountDoc, 'available' | 'isFrozen'>;

interface Spent {
  account: UUID;
  amount: Credits;
}

/** Why each is refused, if it is, and what the others need of each account. */
function decide(wanted: NewHold[], accounts: Map<string, Account>) {
  const spent = new Map<string, Spent>();
  const refusals = wanted.map(({ account, amount }) => {
    const key = idText(account);
    const found = accounts.get(key);
    const before = spent.get(key)?.amount ?? 0;
    const refusal = refuseSpend(found && { ...found, available: found.available - before }, amount);
    if (!refusal) spent.set(key, { account, amount: before + amount });
    return refusal;
  });
  return { refusals, spent };
}

/** What was read of the accounts in this transaction is so still, so that the id is enough, which needs no plan. */
async function holdInAccounts(tx: Ctx, spent: Spent[]): Promise<void> {
  const updatedAt = new Date(tx.clock());
  const updates = spent.map(({ account, amount }) => ({
    updateOne: {
      filter: { _id: account },
      update: { $inc: { available: -amount, held: amount, version: 1 }, $set: { updatedAt } },
    },
  }));
  await CreditAccount.collection.bulkWrite(updates, { session: sessionOf(tx) });
}

/** Reads the accounts of these holds, by their ids. */
async function readAccounts(tx: Ctx, wanted: NewHold[]): Promise<Map<string, Account>> {
  const ids = listDistinct(wanted.map(({ account }) => account));
  const options = { projection: { available: 1, isFrozen: 1 }, limit: ids.length };
  const found = await findMany(tx, CreditAccount, { _id: { $in: ids } }, options);
  return new Map(found.map((account) => [idText(account._id), account]));
}

/** The session of the transaction that credits are held and released in. */
export function sessionOf({ session }: Ctx) {
  if (!session) throw new Error('Credits are held and released in a transaction.');
  return session;
}
