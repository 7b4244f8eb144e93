import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import type { Sight } from '../run-stages.ts';
import { PodFailure } from './call-pod.ts';
import { describeFollowed, followRun, isFollowed } from './follow-run.ts';
import type { ExecutionWork, OpenRun } from './open-run.ts';
import { recordPodAnswer, recordPodFailure } from './pod-health.ts';
import { findPod, type PodDoc } from './pods.ts';
import { type Ended, isNode, readHistory, readQueue, removePending } from './protocol.ts';
import { type Presence, readPresence, readTimes } from './run-record.ts';

/** What was seen of a run at its pod. */
export interface Seen {
  sight: Sight;
  pod?: PodDoc;
  ended?: Ended;
}

/**
 * Looks at a run: first into the queue, then into the history. ComfyUI moves a run from one to the other at once, so
 * in this order none is overlooked; an empty history alone says nothing.
 */
export async function lookAtRun(work: ExecutionWork, run: OpenRun): Promise<Seen> {
  const { ctx, signal } = work;
  const { document } = run;
  const pod = document.pod ? await findPod(ctx, document.pod) : null;
  const promptId = document.promptId;
  let seen: Seen;
  if (!pod || !promptId) {
    // Its pod was deleted.
    seen = { sight: { is: 'UNKNOWN' } };
    await noteSilence(run, seen.sight);
    return seen;
  }
  try {
    const queue = await readQueue(pod, signal);
    const copies = queue.pending.filter((id) => id === promptId).length;
    const isRunning = queue.running.includes(promptId);
    const isWaiting = !isRunning && copies === 1;
    const ended = isRunning || isWaiting ? null : await readHistory(pod, promptId, signal);
    // Some versions take a repeated id twice: what would run again is taken out.
    if (copies > 0 && !isWaiting) await removePending(pod, promptId, signal);
    await recordPodAnswer(ctx, pod, queue.running.length + queue.pending.length);
    if (isRunning) seen = { sight: { is: 'RUNNING' } };
    else if (ended) seen = { sight: describeEnd(ended, readPresence(run)), ended };
    else if (copies > 0) seen = { sight: { is: 'PENDING' } };
    else seen = { sight: { is: 'UNKNOWN' } };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodFailure)) throw error;
    await recordPodFailure(ctx, pod, error);
    seen = { sight: { is: 'UNREACHED' } };
  }
  await noteSilence(run, seen.sight);
  if (seen.sight.is === 'PENDING' || seen.sight.is === 'RUNNING') await listenAgain(ctx, run, pod);
  return { ...seen, pod };
}

/** A process that has begun since the run was submitted listens to it, too. */
async function listenAgain(ctx: Ctx, run: OpenRun, pod: PodDoc): Promise<void> {
  const { document } = run;
  if (!config.listensToPods || isFollowed(document.promptId)) return;
  const revision = await run.readRevision();
  if (revision) await followRun(ctx, pod, describeFollowed(document, revision));
}

/** Notes since when a pod keeps silent, or does not know the run. */
async function noteSilence(run: OpenRun, { is }: Sight): Promise<void> {
  const { unreachedSince, missingSince } = run.document;
  const isUnreached = is === 'UNREACHED';
  // While it is silent nothing is known of what it knows: what it does not know is counted anew after that.
  const isMissing = is === 'UNKNOWN';
  if (isUnreached === Boolean(unreachedSince) && isMissing === Boolean(missingSince)) return;
  const times = {
    ...(isUnreached && !unreachedSince && { unreachedSince: 0 }),
    ...(isMissing && !missingSince && { missingSince: 0 }),
  };
  const unset = [
    ...(!isUnreached && unreachedSince ? ['unreachedSince'] : []),
    ...(!isMissing && missingSince ? ['missingSince'] : []),
  ];
  const event = isUnreached ? 'unreached' : isMissing ? 'missing' : 'answers';
  await run.save({ times, unset }, null, [
    { event, level: isUnreached || isMissing ? 'WARN' : 'INFO' },
  ]);
}

/** What classes of exceptions are called: a sentence is none. */
const EXCEPTION = /^[\w.]{1,120}$/;

function describeEnd(ended: Ended, presence: Presence): Sight {
  const { is, error } = ended;
  if (is === 'SUCCESS') return { is: 'SUCCEEDED', seconds: readTimes(ended, presence).seconds };
  if (is === 'INTERRUPTED') return { is: 'INTERRUPTED' };
  // Its message may repeat what it was given, a prompt among others: so only its class is told.
  const type = EXCEPTION.test(error?.type ?? '') ? error?.type : 'an unknown error';
  const node = isNode(error?.node) ? ` in node ${error?.node}` : '';
  const message = `A node failed: ${type}${node}.`;
  if (type?.includes('OutOfMemoryError')) {
    return { is: 'FAILED', code: 'OUT_OF_MEMORY', message, outOfMemory: true };
  }
  return { is: 'FAILED', code: 'NODE_FAILED', message };
}
