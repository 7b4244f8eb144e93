import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne, projectVisible } from '../../data/read.ts';
import { recordEvents } from '../../data/record-events.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { waitingParent } from './family.ts';
import { type Claim, isHeld } from './held.ts';
import { type FanOut, LostClaim } from './job-type.ts';
import { enqueue, queueOf } from './queue.ts';
import { ringJobs } from './ring.ts';
import { takeTurns } from './turns.ts';

// A job that fans out waits, without a worker, and is claimed once more when its last child has completed.
// Whoever cancels it cancels its children; a child that fails takes it along. Children name the claim that
// fanned out by its token: those of a parent that was started anew since are no longer counted.

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
  const { priority } = job;
  const parent = { job: job._id, token };
  const asked = { user, count: inputs.length, priority };
  const { turns } = await takeTurns(ctx, queueOf(type), asked);
  let children: UUID[] = [];
  try {
    children = await transaction(ctx, async (tx) => {
      const set = { status: 'QUEUED', waitsFor: 'CHILDREN', stage: 'parts', parts };
      if (!(await update(tx, Job, isHeld(claim), { set }, null))) throw new LostClaim();
      const ids: UUID[] = [];
      for (const input of inputs) {
        const turn = turns[ids.length];
        const child = { input, user, project, priority, parent, ...(turn && { turn }) };
        ids.push((await enqueue(tx, type, child))._id);
      }
      return ids;
    });
  } catch (error) {
    // The commit may have been heard by the database, and its answer by nobody.
    if (!(await hasFannedOut(ctx, claim))) throw error;
  }
  for (const _id of children) await ringJobs(ctx, { _id, queue: queueOf(type) });
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
  const set = { status: 'QUEUED', waitsFor: 'CHILDREN' };
  await update(ctx, Job, isHeld(claim), { set }, null);
}

/** Whether the parent still waits for this child; true of a job without one. */
export async function isAwaited(ctx: Ctx, child: JobDoc): Promise<boolean> {
  if (!child.parent) return true;
  return (await findOne(ctx, Job, waitingParent(child), { projection: { _id: 1 } })) !== null;
}

/**
 * Counts a child as completed, in the transaction that completes it. Of two that complete at once one is the
 * last, since the server itself counts. @returns how many are left; null when the parent no longer waits
 */
export async function countCompleted(tx: Ctx, child: JobDoc): Promise<number | null> {
  const now = databaseTime(tx);
  const waiting = { $subtract: ['$parts.waiting', 1] };
  const waitsFor = { $cond: [{ $lte: ['$parts.waiting', 0] }, 'WORKER', '$waitsFor'] };
  const parent = await Job.collection.findOneAndUpdate(
    waitingParent(child),
    [{ $set: { 'parts.waiting': waiting, updatedAt: now } }, { $set: { waitsFor } }],
    {
      returnDocument: 'after',
      projection: { 'parts.waiting': 1 },
      ...(tx.session && { session: tx.session }),
    },
  );
  return parent && (parent.parts as { waiting: number }).waiting;
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
