import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { JobFailure, LostClaim, type WakeLater } from '../../jobs/job-type.ts';
import { getMediumEntity } from '../../media/medium.ts';
import { pace } from '../run-stages.ts';
import { discardFormer } from './discard-former.ts';
import { type ExecutionResult, OPEN } from './execution-input.ts';
import { invalidOutput } from './fetch-output.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { MEDIA, type PlannedFile } from './output-kinds.ts';
import { computeCost } from './price.ts';
import { deleteStaged } from './stage-outputs.ts';

/** How long the media of a run may take to be processed, in ms. */
const LONGEST_PROCESSING = 2 * 3_600_000;

/** Completes a run once all of its media have been processed. @throws JobFailure where one has failed */
export async function finishWhenReady(
  work: ExecutionWork,
  run: OpenRun,
  files: PlannedFile[],
): Promise<ExecutionResult | WakeLater> {
  const { ctx, input, job, token } = work;
  for (const { kind, medium: _id } of files) {
    const medium = await findOne(ctx, getMediumEntity(MEDIA[kind].entity), { _id });
    // Its owner has deleted it already.
    if (!medium || medium.status === 'READY') continue;
    if (medium.status === 'FAILED') {
      const { code: why = 'FAILED', message = '' } = (medium as Failed).error ?? {};
      if (why === 'ALLOWANCE_EXCEEDED') throw new JobFailure(why, message);
      throw invalidOutput(why);
    }
    const took = run.since(medium.createdAt) ?? 0;
    if (took > LONGEST_PROCESSING) {
      throw new JobFailure('INVALID_OUTPUT', 'A file of the pod could not be processed in time.');
    }
    return { wakeIn: pace(took / 1000, 30) };
  }
  await discardFormer(ctx, job._id, files);
  const result = await work.complete(async (tx) => {
    const mine = { _id: input.document, job: job._id, fence: token, status: { $in: OPEN } };
    const ended = { status: 'COMPLETED', stage: 'DONE', progress: 100 };
    const set = { ...ended, completedAt: new Date(tx.clock()) };
    // Its files have the names that its parameters may have given them.
    const unset = ['unreachedSince', 'missingSince', 'files'];
    const done = await update(tx, ComfyUIWorkflowExecution, mine, { set, unset }, 'complete');
    if (!done) throw new LostClaim();
    const cost = computeCost(tx, job, run.document);
    return { document: input.document, outputs: files.length, ...(job.quote && { cost }) };
  });
  if (files.some(({ stagedBytes }) => stagedBytes)) await deleteStaged(run.document);
  return result;
}

type Failed = { error?: { code: string; message: string } | null };
