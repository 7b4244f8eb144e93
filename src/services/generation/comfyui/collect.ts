import { newId, type UUID } from '../../../data/ids.ts';
import { MOST_OUTPUTS } from '../../../models/generation/comfyui/workflow-parameter.ts';
import { JobFailure, type WakeLater } from '../../jobs/job-type.ts';
import { GONE_AFTER, pace } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import type { ExecutionResult } from './execution-input.ts';
import { finishWhenReady } from './finish-run.ts';
import type { Seen } from './look.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { escapesFolder, guessKind, MEDIA, type PlannedFile } from './output-kinds.ts';
import { recordPodFailure } from './pod-health.ts';
import { findPod, type PodDoc } from './pods.ts';
import { recordUsage } from './record-usage.ts';
import { reviewOutputs } from './review-run.ts';
import { describeMessages, describeUse, readPresence, readTimes } from './run-record.ts';
import { storeOutput } from './store-output.ts';

/** How long one step may fetch, in ms; the rest is for the next one. */
const STEP = 30_000;

/** Decides, once and for all, which files of a run that has ended become which media. */
export async function planOutputs(
  work: ExecutionWork,
  run: OpenRun,
  { pod, ended }: Seen,
): Promise<void> {
  const { ctx } = work;
  const { document } = run;
  if (!pod || !ended) throw new Error('A run that has not ended has no outputs.');
  const revision = await run.readRevision();
  const declared = new Map(revision?.outputs.map(({ node, kind }) => [node, kind]));
  const files = ended.files.flatMap(({ node, fileName, subfolder }): PlannedFile[] => {
    const kind = declared.size > 0 ? declared.get(node) : guessKind(fileName);
    if (!kind) return [];
    if (escapesFolder(fileName, subfolder)) {
      throw new JobFailure('INVALID_OUTPUT', 'A file of the pod is named as if it were elsewhere.');
    }
    const medium = newId(ctx.clock());
    return [{ node, kind, fileName, subfolder, medium, isStored: false }];
  });
  if (files.length === 0) {
    throw new JobFailure('NO_OUTPUT', 'It has ended without a file that the workflow names.');
  }
  if (files.length > MOST_OUTPUTS) {
    const message = `It has made ${files.length} files, and may make ${MOST_OUTPUTS}: run it with less at once.`;
    throw new JobFailure('TOO_MANY_OUTPUTS', message);
  }
  const { startedAt, seconds } = readTimes(ended, readPresence(run));
  const queued = startedAt && (startedAt.getTime() - document.createdAt.getTime()) / 1000;
  const set = {
    ...{ stage: 'COLLECTING', status: 'RUNNING', progress: 80, files },
    ...(startedAt && !document.startedAt && { startedAt }),
    ...(queued !== undefined && { queuedSeconds: Math.max(0, queued) }),
    ...describeUse(run, seconds),
  };
  await run.save({ set }, 'collect', [...describeMessages(ended), { event: 'collecting' }]);
  await recordUsage(ctx, pod, run.document, seconds, work.signal);
}

/** Stores the files of a run as media, and completes it once all of these have been processed. */
export async function collectOutputs(
  work: ExecutionWork,
  run: OpenRun,
): Promise<ExecutionResult | WakeLater> {
  const { ctx, signal, progress } = work;
  const until = performance.now() + STEP;
  progress(run.document.progress, 'COLLECTING');
  const files = (run.document.files ?? []) as PlannedFile[];
  const pod = run.document.pod ? await findPod(ctx, run.document.pod) : null;
  const waiting = await reviewFiles(work, run, pod);
  if (waiting) return waiting;
  for (const [i, file] of files.entries()) {
    if (file.isStored) continue;
    if (performance.now() > until) return { wakeIn: 1 };
    if (!pod && !file.stagedBytes) throw podDeleted();
    try {
      await storeOutput(work, run, pod, file, i);
    } catch (error) {
      signal.throwIfAborted();
      if (!pod || !(error instanceof PodFailure)) throw error;
      return waitForPod(work, run, pod, error);
    }
    const stored = files.map((f, at) => (at === i ? { ...f, isStored: true } : f));
    files[i] = { ...file, isStored: true };
    const outputs = [...(run.document.outputs ?? []), describeOutput(file)];
    const percent = 80 + Math.floor((15 * (i + 1)) / files.length);
    const set = { files: stored, outputs, progress: percent };
    await run.save({ set, unset: ['unreachedSince'] }, null, [
      // Not its name, of which a parameter may be a part.
      { event: 'stored', node: file.node, data: { file: i + 1, of: files.length } },
    ]);
    progress(percent);
  }
  return finishWhenReady(work, run, files);
}

const podDeleted = () =>
  new JobFailure('LOST', 'Its pod was deleted before its files were fetched.');

/** Has the files reviewed that are to become media; null when they may. */
async function reviewFiles(
  work: ExecutionWork,
  run: OpenRun,
  pod: PodDoc | null,
): Promise<WakeLater | null> {
  try {
    return await reviewOutputs(work, run, pod);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!pod || !(error instanceof PodFailure)) throw error;
    return waitForPod(work, run, pod, error);
  }
}

function describeOutput({ node, kind, medium }: PlannedFile) {
  return { node, kind, [MEDIA[kind].field]: medium };
}

/** A pod that says that it has no such file is believed; one that keeps silent is asked again. */
async function waitForPod(
  { ctx }: ExecutionWork,
  run: OpenRun,
  pod: { _id: UUID },
  error: PodFailure,
): Promise<WakeLater> {
  if (error.status !== undefined && error.status < 500 && error.status !== 429) {
    const message = `The pod answered ${error.status} for one of its files.`;
    throw new JobFailure('OUTPUT_MISSING', message);
  }
  await recordPodFailure(ctx, pod, error);
  const silent = run.since(run.document.unreachedSince);
  if (silent !== undefined && silent > GONE_AFTER) {
    throw new JobFailure('LOST', 'Its pod could not be reached for half an hour.');
  }
  if (silent === undefined) {
    await run.save({ times: { unreachedSince: 0 } }, null, [{ event: 'unreached', level: 'WARN' }]);
  }
  return { wakeIn: pace((silent ?? 0) / 1000, 60) + 1 };
}
