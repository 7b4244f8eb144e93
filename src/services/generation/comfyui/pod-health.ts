import type { Ctx } from '../../../context.ts';
import { databaseTime } from '../../../data/database-time.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import type { PodAddress } from './call-pod.ts';

// The circuit breaker of a pod: after some failures in a row it gets no work for a while, longer each time.
// Its first answer closes it.

/** So many failures in a row open the breaker. */
const MOST_FAILURES = 3;
/** How long it is open at first, and at most, in ms. */
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 300_000;

/** Notes that a pod answers, and how long its queue is. */
export async function recordPodAnswer(
  ctx: Ctx,
  { _id }: Pick<PodAddress, '_id'>,
  queueRemaining?: number,
): Promise<void> {
  const status = queueRemaining === undefined ? '$status' : statusOf(queueRemaining);
  await ComfyUIPod.collection.updateOne({ _id, status: { $ne: 'STOPPED' } }, [
    {
      $set: {
        status: { $cond: [{ $eq: ['$status', 'UNREACHABLE'] }, 'READY', status] },
        lastSeenAt: databaseTime(ctx),
        failures: 0,
        ...(queueRemaining !== undefined && { queueRemaining }),
      },
    },
    { $unset: 'retryAt' },
  ]);
}

/** Notes that a call to a pod failed. */
export async function recordPodFailure(
  ctx: Ctx,
  { _id }: Pick<PodAddress, '_id'>,
  error: Error,
): Promise<void> {
  ctx.log.warn('A pod of ComfyUI did not answer.', { pod: _id.toString(), error: error.message });
  const times = { $subtract: ['$failures', MOST_FAILURES] };
  const pause = { $min: [{ $multiply: [FIRST_PAUSE, { $pow: [2, times] }] }, LONGEST_PAUSE] };
  const isOpen = { $gte: ['$failures', MOST_FAILURES] };
  await ComfyUIPod.collection.updateOne({ _id, status: { $ne: 'STOPPED' } }, [
    { $set: { failures: { $min: [{ $add: ['$failures', 1] }, 30] } } },
    {
      $set: {
        status: { $cond: [isOpen, 'UNREACHABLE', '$status'] },
        retryAt: {
          $cond: [isOpen, { $add: [databaseTime(ctx), { $toLong: pause }] }, '$$REMOVE'],
        },
      },
    },
  ]);
}

function statusOf(queueRemaining: number): 'READY' | 'BUSY' {
  return queueRemaining > 0 ? 'BUSY' : 'READY';
}
