import type { Ctx } from '../../../context.ts';
import { findMany, findOne } from '../../../data/read.ts';
import { ComfyUINodeCatalog } from '../../../models/generation/comfyui/node-catalog.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import { PodFailure } from './call-pod.ts';
import { storeCatalog } from './node-catalog.ts';
import { recordPodAnswer, recordPodFailure } from './pod-health.ts';
import type { PodDoc } from './pods.ts';
import { readObjectInfo, readQueue, readStats } from './protocol.ts';

/** The most pods of one round, and how many are asked at once. */
const MOST_PODS = 200;
const AT_ONCE = 10;
/** How long one pod may take, in ms. */
const PATIENCE = 20_000;
/** How long the nodes of a pod are believed to be the same, in ms: longer than a start of it takes. */
const CATALOG_AGE = 30 * 60_000;

/** Asks each pod how it is, and what nodes it has. @returns how many answered */
export async function checkPods(ctx: Ctx, signal: AbortSignal): Promise<number> {
  const open = { status: { $ne: 'STOPPED' } };
  const pods = await findMany(ctx, ComfyUIPod, open, { limit: MOST_PODS });
  const errors: unknown[] = [];
  let answered = 0;
  for (let i = 0; i < pods.length; i += AT_ONCE) {
    const some = pods.slice(i, i + AT_ONCE);
    // Where one cannot be checked, the others are all the same.
    const answers = await Promise.allSettled(some.map((pod) => checkPod(ctx, pod, signal)));
    for (const answer of answers) {
      if (answer.status === 'rejected') errors.push(answer.reason);
      else if (answer.value) answered++;
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some pods could not be checked.');
  return answered;
}

/** Asks a pod how it is; false when it does not answer. */
export async function checkPod(ctx: Ctx, pod: PodDoc, outer: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE)]);
  try {
    const [stats, queue] = await Promise.all([readStats(pod, signal), readQueue(pod, signal)]);
    const nodes = await refreshCatalog(ctx, pod, stats.version, signal);
    const { version, devices } = stats;
    const capabilities = {
      ...{ devices, ...(version && { version }), ...(nodes !== undefined && { nodes }) },
    };
    const vramTotal = devices[0]?.vramTotal;
    await ComfyUIPod.collection.updateOne(
      { _id: pod._id },
      { $set: { capabilities, ...(vramTotal !== undefined && { vramTotal }) } },
    );
    await recordPodAnswer(ctx, pod, queue.running.length + queue.pending.length);
    return true;
  } catch (error) {
    if (!(error instanceof PodFailure)) throw error;
    if (!outer.aborted) await recordPodFailure(ctx, pod, error);
    return false;
  }
}

async function refreshCatalog(
  ctx: Ctx,
  pod: PodDoc,
  version: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  const options = { projection: { fetchedAt: 1, classes: 1 } };
  const known = await findOne(ctx, ComfyUINodeCatalog, { pod: pod._id }, options);
  const before = (pod.capabilities as { version?: string } | null | undefined)?.version;
  const age = known ? ctx.clock() - known.fetchedAt.getTime() : Number.POSITIVE_INFINITY;
  if (known && before === version && age < CATALOG_AGE) return known.classes;
  return storeCatalog(ctx, pod._id, await readObjectInfo(pod, signal));
}
