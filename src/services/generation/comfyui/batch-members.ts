import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import type { UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import type { JobDoc } from '../../../models/jobs/job.ts';
import { cancelIn, retryIn } from '../../jobs/control.ts';
import type { JobTypes } from '../../jobs/job-type.ts';

/**
 * Cancels the executions that are under way, in the transaction that ends their batch; not those that are HELD, or
 * have run already.
 */
export async function cancelOpen(tx: Ctx, types: JobTypes, executions: UUID[]): Promise<void> {
  for (const job of await findJobs(tx, executions, {
    status: { $in: ['QUEUED', 'RUNNING'] },
    stage: { $ne: 'COLLECTING' },
  })) {
    await cancelIn(tx, types, { _id: job });
  }
}

/** Starts those anew that have not completed, in the transaction that starts their batch anew. */
export async function retryFailed(tx: Ctx, types: JobTypes, executions: UUID[]): Promise<JobDoc[]> {
  const started: JobDoc[] = [];
  for (const job of await findJobs(tx, executions, {
    status: { $in: ['FAILED', 'CANCELLED', 'LOST'] },
  })) {
    started.push(...(await retryIn(tx, types, { _id: job })));
  }
  return started;
}

/** The jobs of those executions that are in such a state. */
async function findJobs(tx: Ctx, executions: UUID[], state: TypedFilter): Promise<UUID[]> {
  const filter = { ...state, _id: { $in: executions } };
  const options = { projection: { job: 1 }, limit: executions.length };
  const found = await findMany(tx, ComfyUIWorkflowExecution, filter, options);
  return found.flatMap(({ job }) => job ?? []);
}
