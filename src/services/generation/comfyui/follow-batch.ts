import { findMany } from '../../../data/read.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { JobFailure, type WakeLater, type Work } from '../../jobs/job-type.ts';
import { pace } from '../run-stages.ts';
import type { BatchInput, BatchResult } from './batch-job.ts';

/** Looks how far the executions of a batch are, and ends when all of them have. */
export async function followBatch({
  ctx,
  input,
  job,
  progress,
}: Work<BatchInput, BatchResult>): Promise<BatchResult | WakeLater> {
  const runs = await findMany(
    ctx,
    ComfyUIWorkflowExecution,
    { _id: { $in: input.executions } },
    {
      projection: { status: 1, progress: 1, outputs: 1 },
      limit: input.executions.length,
    },
  );
  const ended = runs.filter(({ status }) => ENDED.includes(status));
  const sum = runs.reduce((all, run) => all + (ended.includes(run) ? 100 : run.progress), 0);
  progress(Math.floor(sum / Math.max(1, runs.length)), `${ended.length} of ${runs.length}`);
  if (ended.length < runs.length) {
    return { wakeIn: pace((ctx.clock() - job.createdAt.getTime()) / 1000, 30) };
  }
  const completed = runs.filter(({ status }) => status === 'COMPLETED');
  if (completed.length === 0) {
    throw new JobFailure('NONE_COMPLETED', 'None of its executions has completed.');
  }
  const outputs = completed.reduce((all, run) => all + (run.outputs?.length ?? 0), 0);
  return { completed: completed.length, failed: runs.length - completed.length, outputs };
}

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED', 'LOST'];
