import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { addUsage, takeAllowance } from '../metering/allowances/counter.ts';
import { giveBackAfterCommit } from '../metering/allowances/free.ts';
import { undoWith } from '../metering/allowances/with-allowance.ts';

// An account has so many jobs at once that have not ended. Child jobs are part of their parent. What a client
// asks for is refused beyond that; what follows from it, such as the processing of an upload, is only counted.

type Owned = { user?: UUID | null | undefined; parent?: unknown };

const ONE = { jobs: 1 };

/**
 * Stores a job that is one more of its owner's.
 * @throws AppError ALLOWANCE_EXCEEDED where a client has asked for it
 */
export async function countStarted<T>(
  ctx: Ctx,
  { user, parent }: Owned,
  isAsked: boolean,
  store: () => Promise<T>,
): Promise<T> {
  if (!user || parent) return store();
  await (isAsked ? takeAllowance : addUsage)(ctx, user, ONE);
  return undoWith(ctx, user, ONE, store);
}

/** Counts a job that is started anew, in the transaction of that. @throws AppError ALLOWANCE_EXCEEDED */
export async function countResumed(tx: Ctx, job: Pick<JobDoc, 'user' | 'parent'>): Promise<void> {
  const isOwn = 'id' in tx.actor && job.user?.equals(tx.actor.id) === true;
  await countStarted(tx, job, isOwn, async () => undefined);
}

/** A job has ended, in this transaction. */
export function countEnded(tx: Ctx, { user, parent }: Owned): void {
  if (user && !parent) giveBackAfterCommit(tx, user, ONE);
}
