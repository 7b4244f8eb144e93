import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { ComfyUINodeCatalog } from '../../../models/generation/comfyui/node-catalog.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';

/**
 * Refuses the removal of a pod, or another address for it, while it has runs in work, or files of theirs: nobody could
 * follow or stop them any more.
 * @throws AppError IN_USE
 */
export async function refuseWhileAtWork(ctx: Ctx, pod: UUID): Promise<void> {
  const open = { pod, status: { $in: ['QUEUED', 'RUNNING'] } };
  const run = await findOne(ctx, ComfyUIWorkflowExecution, open, { projection: { _id: 1 } });
  if (!run) return;
  const message =
    'It is at work on executions. Set isDraining, and try again when they have ended.';
  throw new AppError('IN_USE', message, {
    errors: [{ path: 'isDraining', message: 'must be true until its executions have ended' }],
  });
}

/** Forgets what is known of a pod: under another address it is another server, which is asked anew. */
export async function forgetPod(ctx: Ctx, _id: UUID): Promise<void> {
  const known = ['capabilities', 'lastSeenAt', 'queueRemaining', 'vramTotal', 'retryAt'];
  await ComfyUIPod.collection.updateOne({ _id }, [
    { $set: { status: 'STARTING', failures: 0 } },
    { $unset: known },
  ]);
  await ComfyUINodeCatalog.collection.deleteOne({ pod: _id });
  ctx.log.info('A pod has another address.', { pod: idText(_id) });
}
