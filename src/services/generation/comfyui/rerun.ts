import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import type { UUID } from '../../../data/ids.ts';
import { findMany, findOne } from '../../../data/read.ts';
import { AppError, notFound } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { Job, type JobDoc } from '../../../models/jobs/job.ts';
import { executeBatch } from './batch-job.ts';
import { executeWorkflow } from './execution-job.ts';
import type { Values } from './parameters.ts';
import { MOST_OF_BATCH } from './spread-grid.ts';
import { type RerunOf, restartBatch } from './start-batch.ts';
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
  if (job.type === executeBatch.name) return rerunBatch(ctx, job, changed);
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

/** Repeats each execution of a batch, in the order in which they were started. */
async function rerunBatch(ctx: Ctx, { _id, user }: JobDoc, changed: Values): Promise<JobDoc> {
  const of = { user, batch: _id };
  const options = { sort: { createdAt: 1, _id: 1 }, limit: MOST_OF_BATCH } as const;
  const before = await findMany(ctx, ComfyUIWorkflowExecution, of, options);
  if (before.length === 0) throw new AppError('INVALID_STATE', 'Its executions were deleted.');
  const former: RerunOf[] = [];
  for (const run of before) {
    const { workflow, project, workflowRevision: revision, seeds } = run;
    const parameters = { ...(await readParameters(ctx, run)), ...changed };
    former.push({
      ...{ _id: run._id, workflow, user: run.user, project, revision, parameters },
      seeds: (seeds ?? {}) as Values,
    });
  }
  return restartBatch(ctx, former);
}
