import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { findOne } from '../../../data/read.ts';
import { AppError, notFound } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { jobTypes } from '../../job-types.ts';
import { cancelJob } from '../../jobs/control.ts';
import { hasRun, heldForReview } from './execution-job.ts';
import type { ExecutionDoc } from './open-run.ts';

/** Cancels an execution that has not ended; at its pod it is stopped. @throws AppError NOT_FOUND, INVALID_STATE */
export async function cancelExecution(ctx: Ctx, filter: TypedFilter): Promise<ExecutionDoc> {
  const document = await findOne(ctx, ComfyUIWorkflowExecution, filter);
  if (!document) throw notFound();
  if (!document.job) throw new AppError('INVALID_STATE', 'The execution has ended already.');
  if (document.status === 'HELD') throw heldForReview();
  if (document.stage === 'COLLECTING') throw hasRun();
  await cancelJob(ctx, jobTypes, { _id: document.job });
  return (await findOne(ctx, ComfyUIWorkflowExecution, filter)) ?? document;
}
