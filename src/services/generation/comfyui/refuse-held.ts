import type { Ctx } from '../../../context.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { findOne } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';

/**
 * Refuses to remove a project with an execution that waits for the decision of an administrator: it would end with
 * it. @throws AppError IN_USE
 */
export async function refuseWhileHeld(
  ctx: Ctx,
  { _id: project, ...mine }: TypedFilter,
): Promise<void> {
  const held = { ...mine, project, status: 'HELD' };
  const options = { projection: { _id: 1 }, hint: 'held' } as const;
  if (!(await findOne(ctx, ComfyUIWorkflowExecution, held, options))) return;
  const message = 'An execution of it is HELD for review, which only an administrator ends.';
  throw new AppError('IN_USE', message);
}
