import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { AppError, notFound } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { Job, type JobDoc } from '../../../models/jobs/job.ts';
import { executeWorkflow } from './execution-job.ts';
import type { Values } from './parameters.ts';
import { startExecution } from './start-execution.ts';
import { readParameters } from './stored-fields.ts';

/**
 * Repeats what a job has generated: by the revision of the workflow that it ran, with its values and seeds, but for
 * those that are given. @returns the new job
 * @throws AppError NOT_FOUND, INVALID_STATE, VALIDATION_FAILED, INSUFFICIENT_CREDITS
 */
export async function rerunJob(ctx: Ctx, filter: TypedFilter, changed: Values): Promise<JobDoc> {
  const job = await findOne(ctx, Job, filter);
  if (!job) throw notFound();
  const isExecution = job.type === executeWorkflow.name;
  const before = isExecution
    ? await findOne(ctx, ComfyUIWorkflowExecution, { job: job._id, user: job.user })
    : null;
  if (!before) throw new AppError('INVALID_STATE', 'The job has not generated anything.');
  const { user, workflow, project, workflowRevision, seeds } = before;
  const parameters = { ...(await readParameters(ctx, before)), ...changed };
  const repeated = await startExecution(ctx, {
    ...{ user, workflow, parameters },
    ...(project && { project }),
    rerunOf: { _id: before._id, revision: workflowRevision, seeds: (seeds ?? {}) as Values },
  });
  const started = await findOne(ctx, Job, { _id: repeated.job as UUID });
  if (!started) throw notFound();
  return started;
}
