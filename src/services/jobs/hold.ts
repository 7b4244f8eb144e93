import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { captureHold, holdCredits, releaseHold } from '../billing/holds.ts';
import { takeTurn } from '../billing/turns.ts';
import { countEnded, countResumed } from './count-open.ts';
import type { JobType } from './job-type.ts';

type Quoted = Pick<JobDoc, '_id' | 'user' | 'parent' | 'quote'>;

/**
 * Writes a job together with the hold of its quote, or neither.
 * @throws AppError INSUFFICIENT_CREDITS
 */
export async function insertWithHold(
  ctx: Ctx,
  { user, quote }: { user: UUID; quote: number },
  insertJob: (tx: Ctx) => Promise<JobDoc>,
): Promise<JobDoc> {
  // A request that comes again after a crash has made its job already.
  const { promisedId } = ctx;
  const made = promisedId && (await findOne(ctx, Job, { _id: promisedId }));
  if (made) return made;
  const write = async (tx: Ctx) => {
    const job = await insertJob(tx);
    await holdCredits(tx, { job: job._id, account: user, amount: quote });
    return job;
  };
  return ctx.session ? write(ctx) : takeTurn(user, () => transaction(ctx, write));
}

/** Holds the quote of a job anew that is started anew, in that transaction, and counts it. */
export async function holdAgain(tx: Ctx, job: Quoted): Promise<void> {
  const { _id, user, quote } = job;
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
  if (quote) await captureHold(tx, _id, type.charge?.(input as object, result) ?? quote);
}

/** Releases the hold of a job that ends otherwise, in that transaction, and counts it no longer. */
export async function releaseQuote(tx: Ctx, job: Quoted): Promise<void> {
  const { _id, quote } = job;
  countEnded(tx, job);
  if (quote) await releaseHold(tx, _id);
}
