import { newId, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { JobFailure, LostClaim, type WakeLater } from '../../jobs/job-type.ts';
import { getMediumEntity } from '../../media/medium.ts';
import { GONE_AFTER, pace } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import { discardFormer } from './discard-former.ts';
import { type ExecutionResult, OPEN } from './execution-input.ts';
import type { Seen } from './look.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { escapesFolder, guessKind, MEDIA, type PlannedFile } from './output-kinds.ts';
import { recordPodFailure } from './pod-health.ts';
import { findPod } from './pods.ts';
import type { Ended } from './protocol.ts';
import { recordUsage } from './record-usage.ts';
import { findRevision, type Revision } from './revisions.ts';
import { storeOutput } from './store-output.ts';

/** How long one step may fetch, in ms; the rest is for the next one. */
const STEP = 30_000;
/** How long the media of a run may take to be processed, in ms. */
const LONGEST_PROCESSING = 2 * 3_600_000;

/** Decides, once and for all, which files of a run that has ended become which media. */
export async function planOutputs(
  work: ExecutionWork,
  run: OpenRun,
  { pod, ended }: Seen,
): Promise<void> {
  const { ctx } = work;
  const { document } = run;
  if (!pod || !ended) throw new Error('A run that has not ended has no outputs.');
  const revision = await findRevision(ctx, document.workflow, document.workflowRevision);
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
  const { startedAt, seconds } = readTimes(ended);
  const queued = startedAt && (startedAt.getTime() - document.createdAt.getTime()) / 1000;
  const set = {
    ...{ stage: 'COLLECTING', status: 'RUNNING', progress: 80, files },
    ...(startedAt && !document.startedAt && { startedAt }),
    ...(queued !== undefined && { queuedSeconds: Math.max(0, queued) }),
    ...(seconds !== undefined && { runSeconds: seconds }),
  };
  const told = ended.messages.filter(({ event }) => EVENTS.has(event));
  const lines = told.slice(-50).map(({ event, at, data }) => ({
    event,
    ...(at && { at: new Date(at) }),
    ...(isNode(revision, data.node_id) && { node: data.node_id }),
  }));
  await run.save({ set }, 'collect', [...lines, { event: 'collecting' }]);
  await recordUsage(ctx, pod, run.document, seconds, work.signal);
}

/** What the log tells of the history of a pod: it is kept in clear, so only what we know the words of. */
const EVENTS = new Set([
  ...['execution_start', 'execution_cached', 'execution_success', 'execution_error'],
]);

function isNode(revision: Revision | null, id: unknown): id is string {
  return typeof id === 'string' && id.length <= 64 && Object.hasOwn(revision?.graph ?? {}, id);
}

function readTimes({ messages }: Ended): { startedAt?: Date; seconds?: number } {
  const at = (name: string) => messages.find(({ event }) => event === name)?.at;
  const start = at('execution_start');
  const end = at('execution_success');
  return {
    ...(start && { startedAt: new Date(start) }),
    ...(start && end && { seconds: Math.max(0, end - start) / 1000 }),
  };
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
  for (const [i, file] of files.entries()) {
    if (file.isStored) continue;
    if (performance.now() > until) return { wakeIn: 1 };
    if (!pod) throw new JobFailure('LOST', 'Its pod was deleted before its files were fetched.');
    try {
      await storeOutput(work, run, pod, file, i);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PodFailure)) throw error;
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

async function finishWhenReady(
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
      throw new JobFailure('INVALID_OUTPUT', `A file of the pod cannot be used: ${why}.`);
    }
    const took = run.since(medium.createdAt) ?? 0;
    if (took > LONGEST_PROCESSING) {
      throw new JobFailure('INVALID_OUTPUT', 'A file of the pod could not be processed in time.');
    }
    return { wakeIn: pace(took / 1000, 30) };
  }
  await discardFormer(ctx, job._id, files);
  return work.complete(async (tx) => {
    const mine = { _id: input.document, job: job._id, fence: token, status: { $in: OPEN } };
    const ended = { status: 'COMPLETED', stage: 'DONE', progress: 100 };
    const set = { ...ended, completedAt: new Date(tx.clock()) };
    // Its files have the names that its parameters may have given them.
    const unset = ['unreachedSince', 'missingSince', 'files'];
    const done = await update(tx, ComfyUIWorkflowExecution, mine, { set, unset }, 'complete');
    if (!done) throw new LostClaim();
    return { document: input.document, outputs: files.length };
  });
}

type Failed = { error?: { code: string; message: string } | null };
