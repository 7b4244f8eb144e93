import type { Ctx } from '../../../context.ts';
import { isPastOrMissing } from '../../../data/database-time.ts';
import type { DocOf } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { ComfyUIWorkflowExecution } from '../../../models/generation/comfyui/workflow-execution.ts';
import { listAblePods, type Needs } from './able-pods.ts';
import { recordPodAnswer, recordPodFailure } from './pod-health.ts';
import { readQueue } from './protocol.ts';

export type PodDoc = DocOf<typeof ComfyUIPod>;

/** How many pods are asked for the length of their queue, for one execution. */
const MOST_ASKED = 8;
/** How long the length of a queue is waited for, in ms. */
const PATIENCE = 4_000;

/** Finds a pod by its id, with how often calls of it failed. */
export function findPod(ctx: Ctx, _id: UUID): Promise<PodDoc | null> {
  return findOne(ctx, ComfyUIPod, { _id }, WHOLE);
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
  const able = await listAblePods(ctx, needs, { $expr: isPastOrMissing(ctx, 'retryAt') });
  // What a catalog says of values may be old, or stricter than its pod: where no other answers, the pod itself is asked.
  for (const doubts of [false, true]) {
    const pods = able.filter(({ isDoubtful }) => isDoubtful === doubts).map(({ pod }) => pod);
    const pod = await chooseIdlest(ctx, pods, signal);
    if (pod) return pod;
  }
  return null;
}

async function chooseIdlest(
  ctx: Ctx,
  pods: PodDoc[],
  signal: AbortSignal,
): Promise<PodDoc | undefined> {
  const least = pods
    .toSorted((a, b) => (a.queueRemaining ?? 0) - (b.queueRemaining ?? 0))
    .slice(0, MOST_ASKED);
  const loads = await Promise.all(least.map((pod) => measureLoad(ctx, pod, signal)));
  let best: { pod: PodDoc; load: number } | undefined;
  for (const [i, pod] of least.entries()) {
    const load = loads[i];
    if (load !== undefined && (!best || load < best.load)) best = { pod, load };
  }
  return best?.pod;
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
