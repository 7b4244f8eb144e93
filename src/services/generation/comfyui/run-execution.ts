import { JobFailure, type WakeLater } from '../../jobs/job-type.ts';
import { type Decision, decide, SETTLED_AFTER } from '../run-stages.ts';
import { describeNeeds, listAblePods } from './able-pods.ts';
import { collectOutputs, planOutputs } from './collect.ts';
import { endSpent } from './end-spent.ts';
import { type ExecutionResult, OF_ONE_TRY } from './execution-input.ts';
import { lookAtRun, type Seen } from './look.ts';
import { type ExecutionWork, type OpenRun, openRun, readState } from './open-run.ts';
import { findPod } from './pods.ts';
import { readHeldSeconds } from './price.ts';
import { reviewInputs, waitForDecision } from './review-run.ts';
import { recordFailure } from './run-record.ts';
import { stopLater } from './stop-job.ts';
import { readValues } from './stored-fields.ts';
import { submitRun } from './submit.ts';

/**
 * Does the next step of an execution: submits it, looks how far it is, or collects its results. Each step is short,
 * whatever the run takes.
 */
export async function runExecution(work: ExecutionWork): Promise<ExecutionResult | WakeLater> {
  const run = await openRun(work);
  if (run.document.status === 'HELD') return waitForDecision();
  if (run.document.stage === 'WAITING') {
    return (await reviewInputs(work, run)) ?? submitRun(work, run);
  }
  if (run.document.stage === 'COLLECTING') return collectOutputs(work, run);
  const seen = await lookAtRun(work, run);
  const held = readHeldSeconds(work.ctx, work.job, run.document);
  return carryOut(work, run, decide(readState(run, held), seen.sight), seen);
}

async function carryOut(
  work: ExecutionWork,
  run: OpenRun,
  decision: Decision,
  seen: Seen,
): Promise<ExecutionResult | WakeLater> {
  switch (decision.do) {
    case 'SUBMIT': {
      const set = { stage: 'WAITING' };
      const message = 'The pod has not taken it; it is sent anew.';
      const { pod, promptId } = run.document;
      await run.save(
        { set, unset: OF_ONE_TRY },
        null,
        [{ event: 'not_taken', level: 'WARN', message }],
        // A worker that was stopped for long may send it yet.
        async (tx) => {
          const input = pod && promptId && { pod, promptId, execution: run.document._id };
          if (input) await stopLater(tx, input, [SETTLED_AFTER / 1000]);
        },
      );
      return submitRun(work, run);
    }
    case 'WAIT':
      await showStage(work, run, decision.stage);
      return { wakeIn: decision.wakeIn };
    case 'COLLECT':
      await planOutputs(work, run, seen);
      return collectOutputs(work, run);
    case 'FAIL':
      await recordFailure(work, run, seen);
      if (decision.outOfMemory) return tryRoomier(work, run, decision);
      throw new JobFailure(decision.code, decision.message);
    case 'END_SPENT':
      await recordFailure(work, run, seen);
      return endSpent(work, run, { code: decision.code, message: decision.message });
    case 'LOSE':
      throw new JobFailure('LOST', seen.pod ? decision.message : 'Its pod was deleted.');
  }
}

/** How far a run is when it comes to a stage, in percent. */
const PROGRESS: Record<string, number> = { SUBMITTING: 2, SUBMITTED: 5, RUNNING: 10 };

async function showStage(
  { progress, ctx }: ExecutionWork,
  run: OpenRun,
  stage: string,
): Promise<void> {
  const { document } = run;
  const percent = Math.max(document.progress, PROGRESS[stage] ?? 0);
  progress(percent, stage);
  if (stage === document.stage) return;
  const isTaken = document.status === 'QUEUED' && stage !== 'SUBMITTING';
  const now = new Date(ctx.clock());
  const set = {
    ...{ stage, progress: percent },
    ...(isTaken && { status: 'RUNNING' }),
    ...(!document.startedAt && stage === 'RUNNING' && { startedAt: now }),
  };
  const isRunning = stage === 'RUNNING';
  const change = isRunning ? { set, times: { runningSince: 0 } } : { set };
  await run.save(change, isRunning ? 'start' : null, [{ event: stage.toLowerCase() }]);
}

/** What did not fit into the memory of a pod is given to one that has more, once for each size. */
async function tryRoomier(
  { ctx }: ExecutionWork,
  run: OpenRun,
  { message }: { message: string },
): Promise<WakeLater> {
  const pod = run.document.pod && (await findPod(ctx, run.document.pod));
  const revision = await run.readRevision();
  const vram = pod?.vramTotal ?? 0;
  if (!pod || !revision) throw new JobFailure('OUT_OF_MEMORY', message);
  const values = await readValues(ctx, run.document);
  const needs = { ...describeNeeds(run.document, revision, values), vramAbove: vram };
  if ((await listAblePods(ctx, needs)).length === 0) throw new JobFailure('OUT_OF_MEMORY', message);
  const set = { stage: 'WAITING', status: 'QUEUED', minVram: vram };
  await run.save({ set, unset: OF_ONE_TRY }, null, [
    { event: 'out_of_memory', level: 'WARN', message: 'It goes to a pod with more memory.' },
  ]);
  return { wakeIn: 1 };
}
