import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { insertMany } from '../../data/write.ts';
import type { AppError } from '../../errors.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import type { Credits } from './accounts.ts';
import { type NewHold, sessionOf } from './holds.ts';
import { refuseSpend } from './ledger.ts';

/** A hold, with the context of whoever asks for it. */
export interface Wanted extends NewHold {
  ctx: Ctx;
}

/**
 * Reserves credits for many jobs in one transaction, with one command for their accounts and one for the holds. It is
 * decided in their order. Where an account changes meanwhile, the database has the transaction begin anew.
 * @returns for each why it is refused, or undefined where its credits are held
 */
export async function holdTogether(tx: Ctx, wanted: Wanted[]): Promise<(AppError | undefined)[]> {
  const { refusals, spent } = decide(wanted, await readAccounts(sessionOf(tx), wanted));
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

interface Spent {
  account: UUID;
  amount: Credits;
}

/** Why each is refused, if it is, and what the others need of each account. */
function decide(wanted: NewHold[], accounts: Map<string, CreditAccountDoc>) {
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
async function readAccounts(
  session: NonNullable<Ctx['session']>,
  wanted: NewHold[],
): Promise<Map<string, CreditAccountDoc>> {
  const ids = [...new Map(wanted.map(({ account }) => [idText(account), account])).values()];
  const found = await CreditAccount.collection
    .find<CreditAccountDoc>({ _id: { $in: ids } }, { session })
    .toArray();
  return new Map(found.map((account) => [idText(account._id), account]));
}
