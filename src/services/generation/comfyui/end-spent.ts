import { update } from '../../../data/write.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { LostClaim } from '../../jobs/job-type.ts';
import { type ExecutionResult, OPEN } from './execution-input.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { stopAbandoned } from './stop-removed.ts';

/**
 * Ends a run that has used all the seconds that credits are held for: it is stopped at its pod and has FAILED, and
 * what was held is spent. So its job completes: whoever wants more than this starts anew.
 */
export async function endSpent(
  { input, job, token, complete }: ExecutionWork,
  run: OpenRun,
  error: { code: string; message: string },
): Promise<ExecutionResult> {
  return complete(async (tx) => {
    const mine = { _id: input.document, job: job._id, fence: token, status: { $in: OPEN } };
    const set = { status: 'FAILED', stage: 'DONE', error, completedAt: new Date(tx.clock()) };
    const unset = ['unreachedSince', 'missingSince', 'files'];
    const ended = await update(tx, ComfyUIWorkflowExecution, mine, { set, unset }, 'fail');
    if (!ended) throw new LostClaim();
    await stopAbandoned(tx, run.document);
    return { document: input.document, outputs: 0, ...(job.quote && { cost: job.quote }) };
  });
}
