import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { admitNext } from './admit.ts';
import { releaseDependents, ringDependents } from './dependencies.ts';
import { endChildren, findFamily, waitingParent } from './family.ts';
import { countCompleted } from './fan-out.ts';
import { type Claim, GIVEN_UP, isHeld } from './held.ts';
import { captureQuote, releaseQuote } from './hold.ts';
import { type JobType, LostClaim, Superseded } from './job-type.ts';
import { ringJobs } from './ring.ts';
import { completeSubject } from './subject.ts';

/**
 * Completes a job in one transaction with what `write` writes, which answers the result. The last child
 * of a job that fanned out wakes it.
 * @throws LostClaim; Superseded when the job is a child, and its parent no longer waits for it
 */
export async function completeJob<R extends object>(
  ctx: Ctx,
  type: JobType,
  claim: Claim,
  write: (tx: Ctx) => Promise<R>,
): Promise<R> {
  const { job } = claim;
  const { result, childrenLeft, done } = await transaction(ctx, async (tx) => {
    const result = await write(tx);
    await completeSubject(tx, type, job, result);
    const done = await setCompleted(tx, isHeld(claim), result);
    if (!done) throw new LostClaim();
    await releaseDependents(tx, done);
    await captureQuote(tx, type, job, result);
    const childrenLeft = job.parent ? await countCompleted(tx, job) : undefined;
    if (childrenLeft === null) throw new Superseded('The parent job has ended.');
    return { result, childrenLeft, done };
  });
  if (childrenLeft === 0) await ringJobs(ctx, job.parent as UUID);
  await ringDependents(ctx, done);
  await admitNext(ctx, job.limits);
  return result;
}

/** Completes a job that has nothing left to do, with its children; of a child its parent, too. */
export async function completeSuperseded(
  ctx: Ctx,
  type: JobType,
  claim: Claim,
  parentType: JobType | undefined,
): Promise<void> {
  const { job } = claim;
  const superseded = { superseded: true };
  await transaction(ctx, async (tx) => {
    const done = await setCompleted(tx, isHeld(claim), superseded);
    if (!done) return;
    await releaseDependents(tx, done);
    await releaseQuote(tx, job);
    await endChildren(tx, type, job);
    const parent = job.parent && (await setCompleted(tx, waitingParent(job), superseded));
    if (parent) await releaseDependents(tx, parent);
    if (parent) await releaseQuote(tx, parent);
    const family = parent && (await findFamily(tx, parent._id));
    if (family) await endChildren(tx, parentType, family);
  });
  await admitNext(ctx, job.limits);
}

function setCompleted(tx: Ctx, filter: object, result: object): Promise<JobDoc | null> {
  const set = { status: 'COMPLETED', progress: 100, result, completedAt: new Date(tx.clock()) };
  // The error of a run before is no longer true.
  return update(tx, Job, { ...filter }, { set, unset: ['error', ...GIVEN_UP] }, 'complete');
}
