import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { addUsage, takeAllowance } from '../metering/allowances/counter.ts';
import { giveBackAfterCommit } from '../metering/allowances/free.ts';
import { undoWith } from '../metering/allowances/with-allowance.ts';

// An account has so many jobs at once that have not ended. Child jobs are part of their parent. What a client
// asks for is refused beyond that; and so is what costs more than a day may. What follows from it, such as the processing of an upload, is only counted.

type Owned = {
  user?: UUID | null | undefined;
  parent?: unknown;
  quote?: number | null | undefined;
};

/**
 * Stores a job that is one more of its owner's.
 * @throws AppError ALLOWANCE_EXCEEDED where a client has asked for it
 */
export async function countStarted<T>(
  ctx: Ctx,
  { user, parent, quote }: Owned,
  isAsked: boolean,
  store: () => Promise<T>,
): Promise<T> {
  if (!user || parent) return store();
  const usage = { jobs: 1, ...(quote && { credits: quote }) };
  await (isAsked || quote ? takeAllowance : addUsage)(ctx, user, usage);
  return undoWith(ctx, user, usage, store);
}

/** Counts a job that is started anew, in the transaction of that. @throws AppError ALLOWANCE_EXCEEDED */
export async function countResumed(
  tx: Ctx,
  job: Pick<JobDoc, 'user' | 'parent' | 'quote'>,
): Promise<void> {
  const isOwn = 'id' in tx.actor && job.user?.equals(tx.actor.id) === true;
  await countStarted(tx, job, isOwn, async () => undefined);
}

/** A job has ended, in this transaction. */
export function countEnded(tx: Ctx, { user, parent }: Owned): void {
  if (user && !parent) giveBackAfterCommit(tx, user, { jobs: 1 });
}
