import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { Job } from '../../models/jobs/job.ts';
import { findDependents } from './dependencies.ts';
import { failQueued } from './fail.ts';
import { DEPENDENCY_FAILED } from './fail-dependents.ts';
import type { FailDependentsInput } from './fail-dependents-job.ts';
import type { Work } from './job-type.ts';

/**
 * Fails the jobs that still wait for one that has not completed, each in a transaction of its own, which
 * leaves what waits for that one to a further job where there is too much of it.
 */
export async function failRest(work: Work<FailDependentsInput>): Promise<{ failed: number }> {
  const { ctx, input, signal, types } = work;
  const { attempt, finish } = collectErrors();
  let failed = 0;
  for (const ended of input.jobs) {
    // One that was started anew meanwhile may complete after all.
    if (await isOpen(ctx, ended)) continue;
    for (const { _id } of await findDependents(ctx, ended, { status: 'QUEUED' })) {
      signal.throwIfAborted();
      const hasFailed = await attempt(() => failQueued(ctx, types, _id, DEPENDENCY_FAILED));
      if (hasFailed) failed++;
      if (hasFailed === undefined)
        ctx.log.error('A job that waits in vain was not failed.', { job: idText(_id) });
    }
  }
  finish();
  return { failed };
}

async function isOpen(ctx: Ctx, _id: UUID): Promise<boolean> {
  const job = await findOne(ctx, Job, { _id }, { projection: { status: 1 } });
  return job !== null && !['FAILED', 'CANCELLED'].includes(job.status);
}
