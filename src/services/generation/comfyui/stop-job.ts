import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { idInput } from '../../jobs/input.ts';
import { JobFailure, type JobType } from '../../jobs/job-type.ts';
import { BEHIND_USERS, enqueue, ringJobs } from '../../jobs/queue.ts';
import { SETTLED_AFTER } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import { findPod } from './pods.ts';
import { stopPrompt } from './protocol.ts';

interface StopInput {
  pod: UUID;
  promptId: string;
}

/** Stops at its pod what nobody waits for any more: it would hold up the runs of others. */
export const stopRun: JobType<StopInput> = {
  name: 'stop-run',
  input: Joi.object<StopInput>({
    pod: idInput().required(),
    promptId: Joi.string().required(),
  }),
  queue: 'provider',
  attempts: 6,
  run: async ({ ctx, input, signal }) => {
    const pod = await findPod(ctx, input.pod);
    if (!pod) return {};
    try {
      await stopPrompt(pod, input.promptId, signal);
    } catch (error) {
      if (!(error instanceof PodFailure)) throw error;
      throw new JobFailure('POD_UNREACHED', 'The pod did not answer.', { retryable: true });
    }
    return {};
  },
};

/** Has a run stopped that may be at its pod, in the transaction that ends its job otherwise than by completion. */
export async function abandonRun(
  tx: Ctx,
  { job, execution }: { job: UUID; execution: UUID },
): Promise<void> {
  const mine = { _id: execution, job };
  const projection = { pod: 1, promptId: 1, stage: 1 };
  const run = await findOne(tx, ComfyUIWorkflowExecution, mine, { projection });
  const { pod, promptId, stage } = run ?? {};
  if (!pod || !promptId || !['SUBMITTING', 'SUBMITTED', 'RUNNING'].includes(stage ?? '')) return;
  // The request that submits it may be under way yet: once more, when it has arrived.
  const delays = stage === 'SUBMITTING' ? [0, SETTLED_AFTER / 1000 + 5] : [0];
  for (const delay of delays) {
    const input = { pod, promptId };
    const stop = await enqueue(tx, stopRun, { input, delay, priority: BEHIND_USERS });
    // Before the commit, so a little later: a ring that comes too early finds nothing.
    await ringJobs(tx, stop, delay + 1);
  }
}
