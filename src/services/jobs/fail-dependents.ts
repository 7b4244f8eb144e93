import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import type { JobDoc } from '../../models/jobs/job.ts';
import { findDependents } from './dependencies.ts';
import type { JobError, JobTypes } from './job-type.ts';
import { enqueueWithin } from './queue.ts';

// Thousands of jobs may wait for one, at some removes: more than one transaction can fail. The nearest are
// failed in the transaction that ends it, the rest by a job, each in a transaction of its own.

/** How many jobs are failed in the transaction that ends what they wait for. */
const MOST_AT_ONCE = 50;

/** The name of the job type that fails the rest. */
export const FAIL_DEPENDENTS = 'fail-dependents';

export const DEPENDENCY_FAILED: JobError = {
  code: 'DEPENDENCY_FAILED',
  message: 'A job that it waited for has not completed.',
  retryable: false,
};

/**
 * Fails the jobs that wait for others which have ended, in that transaction, as far as it can hold them, and
 * has the rest failed by a job.
 * @param fail fails one of them @returns those that ended with it
 */
export async function failDependents(
  tx: Ctx,
  types: JobTypes,
  ended: JobDoc[],
  fail: (_id: UUID) => Promise<JobDoc[]>,
): Promise<void> {
  const open = ended.filter(mayHaveDependents);
  for (let left = MOST_AT_ONCE; left > 0 && open[0]; ) {
    const waiting = await findDependents(tx, open[0]._id, { status: 'QUEUED' }, left);
    if (waiting.length === 0) open.shift();
    for (const { _id } of waiting) open.push(...(await fail(_id)).filter(mayHaveDependents));
    left -= waiting.length;
  }
  if (open.length > 0) await leaveToJob(tx, types, open);
}

async function leaveToJob(tx: Ctx, types: JobTypes, ended: JobDoc[]): Promise<void> {
  const type = types.get(FAIL_DEPENDENTS);
  if (!type) throw new Error(`There is no job type ${FAIL_DEPENDENTS}.`);
  const input = { jobs: ended.map(({ _id }) => _id) };
  await enqueueWithin(tx, type, { input });
}

const mayHaveDependents = ({ dependents }: JobDoc) => (dependents ?? 0) > 0;
