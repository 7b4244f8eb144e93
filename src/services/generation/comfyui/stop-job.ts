import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { BEHIND_USERS, enqueueWithin } from '../../jobs/queue.ts';
import { pace } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import { findPod, type PodDoc } from './pods.ts';
import { readHistory, stopPrompt } from './protocol.ts';
import { recordUsage } from './record-usage.ts';
import { readTimes } from './run-record.ts';

/** How long a pod that does not answer is waited for, in ms. */
const PATIENCE = 24 * 3_600_000;

interface StopInput {
  pod: UUID;
  promptId: string;
  /** Whose it was: what it has used until then is kept. */
  execution?: UUID;
}

/** How long a run that was stopped may take to its next step, in ms, until nobody asks any more what it used. */
const LONGEST_STEP = 10 * 60_000;

/** Stops at its pod what nobody waits for any more: it would hold up the runs of others. */
export const stopRun: JobType<StopInput, object> = {
  name: 'stop-run',
  input: Joi.object<StopInput>({
    pod: idInput().required(),
    promptId: Joi.string().required(),
    execution: idInput(),
  }),
  queue: 'provider',
  attempts: 6,
  run: async ({ ctx, input, job, signal }) => {
    const pod = await findPod(ctx, input.pod);
    if (!pod || pod.status === 'STOPPED') return {};
    try {
      const isRunning = await stopPrompt(pod, input.promptId, signal);
      const age = ctx.clock() - job.createdAt.getTime();
      if (isRunning && age < LONGEST_STEP) return { wakeIn: 3 };
      await recordStopped(ctx, pod, input, signal);
    } catch (error) {
      if (!(error instanceof PodFailure)) throw error;
      // It may go on there all the same: so it is stopped when the pod is back.
      return { wakeIn: pace((ctx.clock() - job.createdAt.getTime()) / 1000, 300) + 1 };
    }
    return {};
  },
};

/** Keeps what a run has used that was stopped while it ran. */
async function recordStopped(
  ctx: Ctx,
  pod: PodDoc,
  { execution: _id, promptId }: StopInput,
  signal: AbortSignal,
): Promise<void> {
  const ended = _id && (await readHistory(pod, promptId, signal));
  const run = ended && (await findOne(ctx, ComfyUIWorkflowExecution, { _id }));
  if (!run) return;
  const presence = { from: run.createdAt, to: new Date(ctx.clock()) };
  const { seconds } = readTimes(ended, presence);
  if (seconds === undefined) return;
  await recordUsage(ctx, pod, { _id: run._id, user: run.user, promptId }, seconds, signal);
}

/** Has a run stopped at its pod, once after each of so many seconds, in the transaction that gives it up. */
export async function stopLater(tx: Ctx, input: StopInput, delays: number[]): Promise<void> {
  const deadline = new Date(tx.clock() + PATIENCE);
  for (const delay of delays) {
    await enqueueWithin(tx, stopRun, { input, delay, deadline, priority: BEHIND_USERS });
  }
}
