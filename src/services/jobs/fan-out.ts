import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne, projectVisible } from '../../data/read.ts';
import { recordEvents } from '../../data/record-events.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { type FanOut, type JobError, type JobType, LostClaim } from './job-type.ts';
import { type Claim, enqueue, isHeld, ringJobs } from './queue.ts';

// A job that fans out waits, without a worker, and is claimed once more when its last child has completed.
// Whoever cancels it cancels its children; a child that fails takes it along. Children name the claim that
// fanned out by its token: those of a parent that was started anew since are no longer counted.

/** A parent looks by itself this often, in ms: if all goes well, its last child wakes it. */
const LOOK_AGAIN = 3600_000;
const MOST_CHILDREN = 1000;
/** The shares of a parent's progress that are its children's, in percent: from here to there. */
const [FROM, TO] = [20, 95];

/** Leaves the rest of a job to children, in one transaction. @throws LostClaim */
export async function fanOut(
  ctx: Ctx,
  claim: Claim,
  { type, inputs, state }: FanOut<object>,
): Promise<void> {
  const { job, token } = claim;
  const { user, project } = job;
  const parts = { token, waiting: inputs.length, state };
  // They may be many, and take long: what others have just asked for goes first.
  const priority = Math.max(0, job.priority - 1);
  const parent = { job: job._id, token };
  let children: UUID[] = [];
  try {
    children = await transaction(ctx, async (tx) => {
      const set = { status: 'QUEUED', stage: 'parts', parts };
      const change = { set, times: { runAfter: LOOK_AGAIN } };
      if (!(await update(tx, Job, isHeld(claim), change, null))) throw new LostClaim();
      const ids: UUID[] = [];
      for (const input of inputs) {
        ids.push((await enqueue(tx, type, { input, user, project, priority, parent }))._id);
      }
      return ids;
    });
  } catch (error) {
    // The commit may have been heard by the database, and its answer by nobody.
    if (!(await hasFannedOut(ctx, claim))) throw error;
  }
  for (const id of children) await ringJobs(ctx, id);
}

async function hasFannedOut(ctx: Ctx, { job, token }: Claim): Promise<boolean> {
  const mine = { _id: job._id, 'parts.token': token };
  return (await findOne(ctx, Job, mine, { projection: { _id: 1 } })) !== null;
}

/** What the children of a job have made; null while one of them has not completed. */
export async function findResults(ctx: Ctx, { job }: Claim): Promise<object[] | null> {
  const children = await findMany(
    ctx,
    Job,
    { parent: job._id, parentToken: job.parts?.token },
    { projection: { status: 1, result: 1 }, limit: MOST_CHILDREN },
  );
  const isDone = children.every(({ status }) => status === 'COMPLETED');
  return isDone ? children.map(({ result }) => result as object) : null;
}

/** Puts a parent back whose children have not all completed. */
export async function waitForChildren(ctx: Ctx, claim: Claim): Promise<void> {
  const change = { set: { status: 'QUEUED' }, times: { runAfter: LOOK_AGAIN } };
  await update(ctx, Job, isHeld(claim), change, null);
}

/** Whether the parent still waits for this child; true of a job without one. */
export async function isAwaited(ctx: Ctx, child: JobDoc): Promise<boolean> {
  if (!child.parent) return true;
  return (await findOne(ctx, Job, waitingParent(child), { projection: { _id: 1 } })) !== null;
}

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

/**
 * Counts a child as completed, in the transaction that completes it. Of two that complete at once one is the
 * last, since the server itself counts. @returns how many are left; null when the parent no longer waits
 */
export async function countCompleted(tx: Ctx, child: JobDoc): Promise<number | null> {
  const now = databaseTime(tx);
  const waiting = { $subtract: ['$parts.waiting', 1] };
  const runAfter = { $cond: [{ $lte: ['$parts.waiting', 0] }, now, '$runAfter'] };
  const parent = await Job.collection.findOneAndUpdate(
    waitingParent(child),
    [{ $set: { 'parts.waiting': waiting, updatedAt: now } }, { $set: { runAfter } }],
    {
      returnDocument: 'after',
      projection: { 'parts.waiting': 1 },
      ...(tx.session && { session: tx.session }),
    },
  );
  return parent && (parent.parts as { waiting: number }).waiting;
}

/** Fails the parent of a child that has failed. Null when it has ended, or waits for others by now. */
export async function failParent(tx: Ctx, child: Family, error: JobError): Promise<JobDoc | null> {
  const completedAt = new Date(tx.clock());
  const set = { status: 'FAILED', error: { ...error, retryable: false }, completedAt };
  return update(tx, Job, waitingParent(child), { set }, 'fail');
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
  while (await update(tx, Job, open, { set }, 'cancel'));
  await type?.discardParts?.(tx, parts.state);
}

/** How far a parent is by the mean progress of its children, in percent. */
export async function findFamilyProgress(child: JobDoc): Promise<number> {
  const siblings = { parent: child.parent, parentToken: child.parentToken };
  const mean = { $group: { _id: null, mean: { $avg: '$progress' } } };
  const [found] = await Job.collection.aggregate([{ $match: siblings }, mean]).toArray();
  return Math.floor(FROM + ((TO - FROM) * ((found?.mean as number | undefined) ?? 0)) / 100);
}

/** Shows on a parent how far its children are; null where it is as far, or no longer waits for this one. */
export async function advanceParent(
  tx: Ctx,
  child: JobDoc,
  progress: number,
): Promise<JobDoc | null> {
  const parent = await Job.collection.findOneAndUpdate(
    { ...waitingParent(child), status: 'QUEUED', progress: { $lt: progress } },
    { $set: { progress } },
    {
      returnDocument: 'after',
      projection: projectVisible(Job),
      ...(tx.session && { session: tx.session }),
    },
  );
  if (!parent) return null;
  const job = parent as unknown as JobDoc;
  await recordEvents(tx, Job, 'updated', [job]);
  return job;
}
