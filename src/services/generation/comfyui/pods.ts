import type { Ctx } from '../../../context.ts';
import { isPastOrMissing } from '../../../data/database-time.ts';
import type { DocOf } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { findMany, findOne } from '../../../data/read.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { hasClasses } from './node-catalog.ts';
import { recordPodAnswer, recordPodFailure } from './pod-health.ts';
import { readQueue } from './protocol.ts';

export type PodDoc = DocOf<typeof ComfyUIPod>;

/** How many pods are asked for the length of their queue, for one execution. */
const MOST_ASKED = 8;
/** How long the length of a queue is waited for, in ms. */
const PATIENCE = 4_000;

/** What a pod must have for a run. */
export interface Needs {
  /** The classes of nodes. */
  classes: ReadonlySet<string>;
  /** More than so many bytes of video memory. */
  vramAbove?: number | undefined;
  /** Pods that have refused it, or are not to be asked again. */
  without?: ReadonlySet<string>;
}

/** Finds a pod by its id. */
export function findPod(ctx: Ctx, _id: UUID): Promise<PodDoc | null> {
  return findOne(ctx, ComfyUIPod, { _id });
}

/** Whether a pod has more video memory than so many bytes, and takes work. */
export async function findRoomierPod(ctx: Ctx, vram: number): Promise<PodDoc | null> {
  const status = { $in: ['STARTING', 'READY', 'BUSY'] };
  return findOne(ctx, ComfyUIPod, { status, isDraining: false, vramTotal: { $gt: vram } });
}

/**
 * Chooses the pod with the least to do among those that answer and have what a run needs. What a pod has to do
 * is what its queue says or what we have given it, whichever is more. Null when there is none.
 */
export async function choosePod(
  ctx: Ctx,
  needs: Needs,
  signal: AbortSignal,
): Promise<PodDoc | null> {
  const candidates = await findMany(
    ctx,
    ComfyUIPod,
    {
      status: { $in: ['STARTING', 'READY', 'BUSY', 'UNREACHABLE'] },
      isDraining: false,
      $expr: isPastOrMissing(ctx, 'retryAt'),
    },
    { limit: 100, projection: { capabilities: 0 } },
  );
  const able: PodDoc[] = [];
  for (const pod of candidates) {
    if (needs.without?.has(pod._id.toString())) continue;
    if (needs.vramAbove !== undefined && (pod.vramTotal ?? 0) <= needs.vramAbove) continue;
    if (await hasClasses(ctx, pod._id, needs.classes)) able.push(pod);
  }
  const least = able
    .toSorted((a, b) => (a.queueRemaining ?? 0) - (b.queueRemaining ?? 0))
    .slice(0, MOST_ASKED);
  const loads = await Promise.all(least.map((pod) => measureLoad(ctx, pod, signal)));
  let best: { pod: PodDoc; load: number } | undefined;
  for (const [i, pod] of least.entries()) {
    const load = loads[i];
    if (load !== undefined && (!best || load < best.load)) best = { pod, load };
  }
  return best?.pod ?? null;
}

/** How many runs a pod has before it; undefined when it does not answer. */
async function measureLoad(
  ctx: Ctx,
  pod: PodDoc,
  signal: AbortSignal,
): Promise<number | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  try {
    const { running, pending } = await readQueue(pod, patience);
    const length = running.length + pending.length;
    await recordPodAnswer(ctx, pod, length);
    const ours = { pod: pod._id, status: { $in: ['QUEUED', 'RUNNING'] } };
    const given = await ComfyUIWorkflowExecution.collection.countDocuments(ours, {
      hint: { pod: 1, status: 1 },
    });
    return Math.max(length, given);
  } catch (error) {
    if (!signal.aborted) await recordPodFailure(ctx, pod, error as Error);
    return undefined;
  }
}
