import type { Ctx } from '../../context.ts';
import type { CreditHoldDoc } from '../../models/billing/credit-hold.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { captureHold, holdCredits, releaseHold } from '../billing/holds.ts';
import { admitSpending } from '../billing/spending.ts';
import { giveBackAfterCommit } from '../metering/allowances/free.ts';
import { countEnded, countResumed } from './count-open.ts';
import type { JobType } from './job-type.ts';

type Quoted = Pick<JobDoc, '_id' | 'user' | 'parent' | 'quote'>;

/** Holds the quote of a job anew that is started anew, in that transaction, and counts it. */
export async function holdAgain(tx: Ctx, job: Quoted): Promise<void> {
  const { _id, user, quote } = job;
  if (quote) await admitSpending(tx, quote);
  await countResumed(tx, job);
  if (quote && user) await holdCredits(tx, { job: _id, account: user, amount: quote });
}

/** Spends what a completed job has cost, in the transaction that completes it, and counts it no longer. */
export async function captureQuote(
  tx: Ctx,
  type: JobType,
  job: JobDoc,
  result: object,
): Promise<void> {
  const { _id, quote, input } = job;
  countEnded(tx, job);
  if (!quote) return;
  const cost = type.charge?.(input as object, result) ?? quote;
  const hold = await captureHold(tx, _id, cost);
  if (hold && quote > cost) forgetSpent(tx, hold, quote - cost);
}

/** Releases the hold of a job that ends otherwise, in that transaction, and counts it no longer. */
export async function releaseQuote(tx: Ctx, job: Quoted): Promise<void> {
  const { _id, quote } = job;
  countEnded(tx, job);
  const hold = quote && (await releaseHold(tx, _id));
  if (hold) forgetSpent(tx, hold, hold.amount);
}

/** What was not spent, after all, does not count for its day. */
function forgetSpent(tx: Ctx, { account, createdAt }: CreditHoldDoc, amount: number): void {
  giveBackAfterCommit(tx, account, { credits: amount }, createdAt);
}
