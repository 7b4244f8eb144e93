import { findOne, WHOLE } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import type { Work } from '../jobs/job-type.ts';
import { ringJobs } from '../jobs/queue.ts';
import { getEntityOfKind } from './medium.ts';
import { reprocess } from './reprocess.ts';
import type { ReprocessInput, ReprocessResult } from './reprocess-job.ts';

/** Starts the processing of each medium; those that cannot be processed now are counted. */
export async function reprocessMany(work: Work<ReprocessInput>): Promise<ReprocessResult> {
  const { ctx, input, job, signal, progress } = work;
  const entity = getEntityOfKind(input.kind);
  let started = 0;
  for (const [n, _id] of input.media.entries()) {
    signal.throwIfAborted();
    const medium = await findOne(ctx, entity, { _id, user: job.user }, WHOLE);
    if (medium) {
      try {
        const { job: processing } = await reprocess(ctx, entity, medium);
        await ringJobs(ctx, processing);
        started++;
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'INVALID_STATE')) throw error;
      }
    }
    progress((100 * (n + 1)) / input.media.length, 'start');
  }
  return { started, skipped: input.media.length - started };
}
