import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findOne } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Export } from '../../models/exports/export.ts';
import { jobTypes } from '../job-types.ts';
import { cancelJob } from '../jobs/control.ts';

/** Cancels the job of an export that has not ended, so that nobody renders what will be deleted. */
export async function cancelRender(ctx: Ctx, filter: TypedFilter): Promise<void> {
  const open = { ...filter, status: { $in: ['QUEUED', 'PROCESSING'] } };
  const document = await findOne(ctx, Export, open, { projection: { job: 1 } });
  if (!document?.job) return;
  try {
    await cancelJob(ctx, jobTypes, { _id: document.job });
  } catch (error) {
    // It ended meanwhile.
    if (!(error instanceof AppError && error.code === 'INVALID_STATE')) throw error;
  }
}
