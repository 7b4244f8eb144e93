import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { BEHIND_USERS, enqueueWithin } from '../../jobs/queue.ts';
import { sweep } from '../../removal/sweep-job.ts';
import { listMade, stopAbandoned } from './stop-removed.ts';

/**
 * Gives up a run, in the transaction that ends its job otherwise than by completion: at its pod it is stopped, and
 * the media that it has made so far are removed. Nobody has paid for them.
 */
export async function abandonRun(
  tx: Ctx,
  { job, execution }: { job: UUID; execution: UUID },
): Promise<void> {
  const mine = { _id: execution, job };
  const projection = { pod: 1, promptId: 1, stage: 1, files: 1 };
  const run = await findOne(tx, ComfyUIWorkflowExecution, mine, { projection });
  if (!run) return;
  await stopAbandoned(tx, run);
  const media = listMade(run);
  if (media.length === 0) return;
  const input = { entity: ComfyUIWorkflowExecution.name, documents: [], media };
  await enqueueWithin(tx, sweep, { input, priority: BEHIND_USERS });
}
