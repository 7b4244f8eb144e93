import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';

/**
 * Refuses the removal of a pod that has runs in work, or files of theirs: nobody could follow or stop them any more.
 * @throws AppError IN_USE
 */
export async function refuseWhileAtWork(ctx: Ctx, pod: UUID): Promise<void> {
  const open = { pod, status: { $in: ['QUEUED', 'RUNNING'] } };
  const run = await findOne(ctx, ComfyUIWorkflowExecution, open, { projection: { _id: 1 } });
  if (!run) return;
  const message =
    'It is at work on executions. Set isDraining, and delete it when they have ended.';
  throw new AppError('IN_USE', message, {
    errors: [{ path: 'isDraining', message: 'must be true until its executions have ended' }],
  });
}
