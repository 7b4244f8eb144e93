import type { Ctx } from '../../../context.ts';
import { newId } from '../../../data/ids.ts';
import { ComfyUIResourceUsage } from '../../../models/generation/comfyui/resource-usage.ts';
import { PodFailure } from './call-pod.ts';
import type { ExecutionDoc } from './open-run.ts';
import type { PodDoc } from './pods.ts';
import { type PodStats, readStats } from './protocol.ts';

/** Keeps what a run used of its pod, once for each time that it was given to one. */
export async function recordUsage(
  ctx: Ctx,
  pod: PodDoc,
  { _id: execution, user, promptId }: Pick<ExecutionDoc, '_id' | 'user' | 'promptId'>,
  gpuSeconds: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const stats = await readPodStats(ctx, pod, signal);
  const [device] = stats?.devices ?? [];
  const now = new Date(ctx.clock());
  await ComfyUIResourceUsage.collection.updateOne(
    { execution, promptId: promptId ?? null },
    {
      $setOnInsert: {
        _id: newId(now.getTime()),
        ...{ execution, user, pod: pod._id, at: now },
        ...(device && { vramTotal: device.vramTotal, vramFree: device.vramFree }),
        ...(stats?.ramFree !== undefined && { ramFree: stats.ramFree }),
        ...(gpuSeconds !== undefined && { gpuSeconds }),
        ...{ createdAt: now, updatedAt: now, version: 1 },
      },
    },
    { upsert: true },
  );
}

async function readPodStats(
  ctx: Ctx,
  pod: PodDoc,
  signal: AbortSignal,
): Promise<PodStats | undefined> {
  try {
    return await readStats(pod, AbortSignal.any([signal, AbortSignal.timeout(3000)]));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodFailure)) throw error;
    // The results matter more than the numbers.
    ctx.log.info('The resources of a pod are not known.', { pod: pod._id.toString() });
    return undefined;
  }
}
