import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { cancelIn } from '../../jobs/control.ts';
import type { JobTypes } from '../../jobs/job-type.ts';

/** Cancels the executions that are under way, in the transaction that ends their batch; not those that are HELD. */
export async function cancelOpen(tx: Ctx, types: JobTypes, executions: UUID[]): Promise<void> {
  const open = { _id: { $in: executions }, status: { $in: ['QUEUED', 'RUNNING'] } };
  const options = { projection: { job: 1 }, limit: executions.length };
  for (const { job } of await findMany(tx, ComfyUIWorkflowExecution, open, options)) {
    if (job) await cancelIn(tx, types, { _id: job });
  }
}
