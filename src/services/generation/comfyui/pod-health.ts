import type { Ctx } from '../../../context.ts';
import { databaseTime } from '../../../data/database-time.ts';
import type { DocOf } from '../../../data/entity.ts';
import { ComfyUIPod } from '../../../models/generation/comfyui/pod.ts';
import type { PodAddress } from './call-pod.ts';

type PodHealth = Pick<
  DocOf<typeof ComfyUIPod>,
  '_id' | 'status' | 'queueRemaining' | 'failures' | 'retryAt' | 'lastSeenAt'
>;

// The circuit breaker of a pod: after some failures in a row it gets no work for a while, longer each time.
// Its first answer closes it.

/** So many failures in a row open the breaker. */
const MOST_FAILURES = 3;
/** How long it is open at first, and at most, in ms. */
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 300_000;

/** How exact `lastSeenAt` is of a pod with which nothing else changes, in ms. */
const SEEN_WITHIN = 15_000;

/**
 * Notes that a pod answers, and how long its queue is. Many runs may look at one pod every few seconds: what is known
 * already is not written again.
 * @param pod as it was just read
 */
export async function recordPodAnswer(
  ctx: Ctx,
  pod: PodHealth,
  queueRemaining: number,
): Promise<void> {
  if (isKnown(ctx, pod, queueRemaining)) return;
  await ComfyUIPod.collection.updateOne({ _id: pod._id, status: { $ne: 'STOPPED' } }, [
    {
      $set: {
        status: {
          $cond: [{ $eq: ['$status', 'UNREACHABLE'] }, 'READY', statusOf(queueRemaining)],
        },
        lastSeenAt: databaseTime(ctx),
        failures: 0,
        queueRemaining,
      },
    },
    { $unset: 'retryAt' },
  ]);
}

/** Whether an answer says nothing new. A clock that differs from the database's has it written. */
function isKnown(ctx: Ctx, pod: PodHealth, queueRemaining: number): boolean {
  return (
    pod.status === statusOf(queueRemaining) &&
    pod.queueRemaining === queueRemaining &&
    pod.failures === 0 &&
    !pod.retryAt &&
    Math.abs(ctx.clock() - (pod.lastSeenAt?.getTime() ?? 0)) < SEEN_WITHIN
  );
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
