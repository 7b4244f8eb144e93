import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { update } from '../../data/write.ts';
import { CreditAccount } from '../../models/billing/credit-account.ts';
import { CreditHold, type CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import { type Credits, SYSTEM_ACCOUNTS } from './accounts.ts';
import { holdTogether, type NewHold, sessionOf } from './hold-together.ts';
import { payDebt, postEntry } from './ledger.ts';

/**
 * Reserves credits for a job, in the transaction that makes it: both come to be, or neither.
 * @throws AppError INSUFFICIENT_CREDITS, INVALID_STATE when the account is frozen
 */
export async function holdCredits(tx: Ctx, hold: NewHold): Promise<void> {
  const [refusal] = await holdTogether(tx, [{ ...hold, ctx: tx }]);
  if (refusal) throw refusal;
}

/**
 * Spends what a job has cost and releases the rest, in the transaction that completes it. What costs nothing
 * leaves no entry. Does nothing where the job holds no credits.
 */
export async function captureHold(
  tx: Ctx,
  job: UUID,
  amount: Credits,
): Promise<CreditHoldDoc | null> {
  const hold = await endHold(tx, job, amount > 0 ? 'CAPTURED' : 'RELEASED');
  if (!hold) return null;
  if (amount > hold.amount) throw new Error(`A job costs ${amount}, and ${hold.amount} are held.`);
  if (amount === 0) await returnCredits(tx, hold);
  else await postSpend(tx, hold, amount);
  return hold;
}

async function postSpend(tx: Ctx, hold: CreditHoldDoc, amount: Credits): Promise<void> {
  await postEntry(tx, {
    ...{ account: hold.account, type: 'SPEND', cause: 'JOB', amount: -amount },
    ...{
      against: SYSTEM_ACCOUNTS.REVENUE,
      release: hold.amount,
      job: hold.job,
      key: `hold:${hold._id}`,
    },
  });
}

/** Releases what a job holds, in the transaction that ends it otherwise than by completion. */
export async function releaseHold(tx: Ctx, job: UUID): Promise<CreditHoldDoc | null> {
  const hold = await endHold(tx, job, 'RELEASED');
  if (hold) await returnCredits(tx, hold);
  return hold;
}

/** Releases what is held for a job that is gone, in a transaction. False where nothing is. */
export async function expireHold(tx: Ctx, job: UUID): Promise<boolean> {
  const hold = await endHold(tx, job, 'EXPIRED');
  if (hold) await returnCredits(tx, hold);
  return hold !== null;
}

function endHold(
  tx: Ctx,
  job: UUID,
  state: 'CAPTURED' | 'RELEASED' | 'EXPIRED',
): Promise<CreditHoldDoc | null> {
  const set = { state, endedAt: new Date(tx.clock()) };
  return update(tx, CreditHold, { job, state: 'HELD' }, { set });
}

async function returnCredits(tx: Ctx, { account, amount }: CreditHoldDoc): Promise<void> {
  const owner = await CreditAccount.collection.findOneAndUpdate(
    { _id: account },
    {
      $inc: { available: amount, held: -amount, version: 1 },
      $set: { updatedAt: new Date(tx.clock()) },
    },
    { session: sessionOf(tx), projection: { debt: 1 } },
  );
  if (owner?.debt) await payDebt(tx, account);
}
