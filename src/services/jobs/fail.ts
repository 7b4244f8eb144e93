import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { admitNext } from './admit.ts';
import { DEPENDENCY_FAILED, failDependents } from './fail-dependents.ts';
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
 * Fails all that waits for a job that failed or was cancelled: its subject, its parent, its children, and
 * those jobs, at whatever remove, that may run after it. What it holds is released.
 */
export async function failWaiting(
  tx: Ctx,
  types: JobTypes,
  job: JobDoc,
  error: JobError,
): Promise<void> {
  const ended = await failRelated(tx, types, job, error);
  await failDependents(tx, types, ended, async (_id) => {
    const failed = await setFailed(tx, _id, DEPENDENCY_FAILED);
    return failed ? failRelated(tx, types, failed, DEPENDENCY_FAILED) : [];
  });
}

/** Fails what a job belongs to. @returns the job, and the parents that ended with it */
async function failRelated(
  tx: Ctx,
  types: JobTypes,
  job: JobDoc,
  error: JobError,
): Promise<JobDoc[]> {
  const type = typeOf(types, job);
  await releaseQuote(tx, job);
  const family = await findFamily(tx, job._id);
  if (family) await endChildren(tx, type, family);
  await type?.abandoned?.(tx, job, job.input as object, types);
  await failSubject(tx, type, job, error);
  const parent = family?.parent && (await failParent(tx, family, error));
  return [job, ...(parent ? await failRelated(tx, types, parent, error) : [])];
}

/** Fails a job that no worker has, and with it whatever waits for it; false when it waits no longer. */
export async function failQueued(
  ctx: Ctx,
  types: JobTypes,
  _id: UUID,
  error: JobError,
): Promise<boolean> {
  return transaction(ctx, async (tx) => {
    const failed = await setFailed(tx, _id, error);
    if (failed) await failWaiting(tx, types, failed, error);
    return failed !== null;
  });
}

function setFailed(tx: Ctx, _id: UUID, error: JobError): Promise<JobDoc | null> {
  const set = { status: 'FAILED', error, completedAt: new Date(tx.clock()) };
  return update(tx, Job, { _id, status: 'QUEUED' }, { set, unset: GIVEN_UP }, 'fail');
}
