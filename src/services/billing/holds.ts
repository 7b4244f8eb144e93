import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { insert, update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditHold, type CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import { type Credits, findAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { insufficient, payDebt, postEntry } from './ledger.ts';

/** Credits that a job needs, of whoever it is for. */
export interface NewHold {
  job: UUID;
  account: UUID;
  amount: Credits;
}

/**
 * Reserves credits for a job, in the transaction that makes it: both come to be, or neither.
 * @throws AppError INSUFFICIENT_CREDITS, INVALID_STATE when the account is frozen
 */
export async function holdCredits(tx: Ctx, { job, account, amount }: NewHold): Promise<UUID> {
  const session = sessionOf(tx);
  const { matchedCount } = await CreditAccount.collection.updateOne(
    { _id: account, isFrozen: false, available: { $gte: amount } },
    {
      $inc: { available: -amount, held: amount, version: 1 },
      $set: { updatedAt: new Date(tx.clock()) },
    },
    { session },
  );
  if (matchedCount === 0) throw await explainRefusal(tx, account, amount);
  const hold = { ...tx, promisedId: undefined };
  return (await insert(hold, CreditHold, { account, job, amount }))._id;
}

async function explainRefusal(tx: Ctx, account: UUID, amount: Credits): Promise<AppError> {
  const found = await findAccount(tx, account);
  if (found?.isFrozen) {
    return new AppError('INVALID_STATE', 'The credit account is frozen: nothing can be spent.');
  }
  return insufficient(amount, found?.available ?? 0);
}

/**
 * Spends what a job has cost and releases the rest, in the transaction that completes it. What costs nothing
 * leaves no entry. Does nothing where the job holds no credits.
 */
export async function captureHold(tx: Ctx, job: UUID, amount: Credits): Promise<void> {
  const hold = await endHold(tx, job, amount > 0 ? 'CAPTURED' : 'RELEASED');
  if (!hold) return;
  if (amount > hold.amount) throw new Error(`A job costs ${amount}, and ${hold.amount} are held.`);
  if (amount === 0) return returnCredits(tx, hold);
  await postEntry(tx, {
    ...{ account: hold.account, type: 'SPEND', cause: 'JOB', amount: -amount },
    ...{ against: SYSTEM_ACCOUNTS.REVENUE, release: hold.amount, job, key: `hold:${hold._id}` },
  });
}

/** Releases what a job holds, in the transaction that ends it otherwise than by completion. */
export async function releaseHold(tx: Ctx, job: UUID): Promise<void> {
  const hold = await endHold(tx, job, 'RELEASED');
  if (hold) await returnCredits(tx, hold);
}

function endHold(
  tx: Ctx,
  job: UUID,
  state: 'CAPTURED' | 'RELEASED',
): Promise<CreditHoldDoc | null> {
  const set = { state, endedAt: new Date(tx.clock()) };
  return update(tx, CreditHold, { job, state: 'HELD' }, { set });
}

async function returnCredits(tx: Ctx, { account, amount }: CreditHoldDoc): Promise<void> {
  await CreditAccount.collection.updateOne(
    { _id: account },
    {
      $inc: { available: amount, held: -amount, version: 1 },
      $set: { updatedAt: new Date(tx.clock()) },
    },
    { session: sessionOf(tx) },
  );
  await payDebt(tx, account);
}

function sessionOf({ session }: Ctx) {
  if (!session) throw new Error('Credits are held and released in a transaction.');
  return session;
}
