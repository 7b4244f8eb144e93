import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { GIVEN_UP } from './held.ts';
import type { JobError, JobType } from './job-type.ts';

/** What a job is to others: whose child it is, and what it left to children of its own. */
export type Family = Pick<JobDoc, '_id' | 'parent' | 'parentToken' | 'parts'>;

/** What writes do not answer of a job, since clients may not see it. */
export async function findFamily(ctx: Ctx, _id: UUID): Promise<Family | null> {
  return findOne(ctx, Job, { _id }, { projection: { parent: 1, parentToken: 1, parts: 1 } });
}

/** The parent as long as it waits for this very child. */
export function waitingParent({ parent, parentToken }: Family) {
  const status = { $in: ['QUEUED', 'RUNNING'] };
  return { _id: parent as UUID, status, 'parts.token': parentToken };
}

/** Fails the parent of a child that has failed. Null when it has ended, or waits for others by now. */
export async function failParent(tx: Ctx, child: Family, error: JobError): Promise<JobDoc | null> {
  const completedAt = new Date(tx.clock());
  const set = { status: 'FAILED', error: { ...error, retryable: false }, completedAt };
  return update(tx, Job, waitingParent(child), { set, unset: GIVEN_UP }, 'fail');
}

/** Cancels the children that a job still has, in the transaction that ends it, and discards what they made. */
export async function endChildren(
  tx: Ctx,
  type: JobType | undefined,
  { _id, parts }: Pick<Family, '_id' | 'parts'>,
): Promise<void> {
  if (!parts) return;
  const set = { status: 'CANCELLED', completedAt: new Date(tx.clock()) };
  const open = { parent: _id, status: { $in: ['QUEUED', 'RUNNING'] } };
  // One by one: each has an audit entry of its own.
  while (await update(tx, Job, open, { set, unset: GIVEN_UP }, 'cancel'));
  await type?.discardParts?.(tx, parts.state);
}
