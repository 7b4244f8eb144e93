import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { admitNext } from './admit.ts';
import { findDependents } from './dependencies.ts';
import { endChildren, failParent, findFamily } from './family.ts';
import { type Claim, GIVEN_BACK, GIVEN_UP, isHeld } from './held.ts';
import { releaseQuote } from './hold.ts';
import type { JobError, JobTypes, Seconds } from './job-type.ts';
import { ringJobs } from './ring.ts';
import { failSubject, typeOf } from './subject.ts';

/** The longest backoff, in s. */
const LONGEST = 300;

/**
 * Ends a run in failure: the job waits for another try, later each time, or has FAILED for good, and with
 * it whatever waits for it.
 */
export async function failRun(
  ctx: Ctx,
  types: JobTypes,
  claim: Claim,
  error: JobError,
): Promise<'RETRY' | 'FAILED' | 'LOST'> {
  const attempts = claim.job.attempts + 1;
  const delay = backoffOf(claim.job);
  const isLast = !error.retryable || attempts >= claim.job.maxAttempts;
  const change = isLast
    ? { set: { status: 'FAILED', attempts, error, completedAt: new Date(ctx.clock()) } }
    : {
        set: { status: 'QUEUED', waitsFor: 'TIME', attempts, error },
        times: { runAfter: 1000 * delay },
      };
  const outcome = await transaction(ctx, async (tx) => {
    const stored = await update(
      tx,
      Job,
      isHeld(claim),
      { ...change, unset: isLast ? GIVEN_UP : GIVEN_BACK },
      isLast ? 'fail' : 'retry',
    );
    if (!stored) return 'LOST';
    if (!isLast) return 'RETRY';
    await failWaiting(tx, types, stored, error);
    return 'FAILED';
  });
  if (outcome === 'RETRY') await ringJobs(ctx, claim.job, delay);
  if (outcome !== 'LOST') await admitNext(ctx, claim.job.limits);
  return outcome;
}

/**
 * How long a job waits for its next run: 4, 16, 64… s, or as little as half of it (jitter), so that what
 * failed together does not come again together.
 */
function backoffOf({ attempts }: Pick<JobDoc, 'attempts'>): Seconds {
  return Math.min(4 ** (attempts + 1), LONGEST) * (0.5 + Math.random() / 2);
}

/**
 * Fails all that waits for a job that failed or was cancelled: its subject, its parent, its children. What
 * it holds is released.
 */
export async function failWaiting(
  tx: Ctx,
  types: JobTypes,
  job: JobDoc,
  error: JobError,
): Promise<void> {
  const type = typeOf(types, job);
  await releaseQuote(tx, job);
  const family = await findFamily(tx, job._id);
  if (family) await endChildren(tx, type, family);
  await type?.abandoned?.(tx, job, job.input as object, types);
  await failSubject(tx, type, job, error);
  await failDependents(tx, types, job);
  const parent = family?.parent && (await failParent(tx, family, error));
  if (parent) await failWaiting(tx, types, parent, error);
}

/** Fails a job that no worker has, and with it whatever waits for it; false when it waits no longer. */
export async function failQueued(
  ctx: Ctx,
  types: JobTypes,
  _id: UUID,
  error: JobError,
): Promise<boolean> {
  const set = { status: 'FAILED', error, completedAt: new Date(ctx.clock()) };
  return transaction(ctx, async (tx) => {
    const waiting = { _id, status: 'QUEUED' };
    const failed = await update(tx, Job, waiting, { set, unset: GIVEN_UP }, 'fail');
    if (failed) await failWaiting(tx, types, failed, error);
    return failed !== null;
  });
}

async function failDependents(tx: Ctx, types: JobTypes, job: JobDoc): Promise<void> {
  if (!job.dependents) return;
  for (const { _id } of await findDependents(tx, job._id, { status: 'QUEUED' }))
    await failQueued(tx, types, _id, DEPENDENCY_FAILED);
}

const DEPENDENCY_FAILED = {
  code: 'DEPENDENCY_FAILED',
  message: 'A job that it waited for has not completed.',
  retryable: false,
};
