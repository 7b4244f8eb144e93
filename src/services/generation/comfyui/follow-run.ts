import { setTimeout as pause } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { isReachable } from '../../../models/generation/comfyui/pod-address.ts';
import { openSocketGuarded } from '../../../providers/guarded-socket.ts';
import type { PodAddress } from './call-pod.ts';
import { listenToRun } from './listen-to-run.ts';
import type { ExecutionDoc } from './open-run.ts';
import { startReport } from './report-run.ts';
import type { Revision } from './revisions.ts';

// Where a process lives on it listens to the runs that it has given to pods: progress, nodes and previews come as
// they happen, and the end wakes the job at once. What a run has become is decided by the queue and the history of its pod
// alone (run-stages.ts), so whatever is missed here, or is not true, delays it and does no more.

/** A run that is listened to. */
export interface Followed {
  execution: UUID;
  user: UUID;
  job: UUID;
  promptId: string;
  /** How many nodes its graph has. */
  nodes: number;
}

/** What is listened to of an execution that has been given to a pod. */
export function describeFollowed(
  { _id, user, job, promptId }: ExecutionDoc,
  { graph }: Pick<Revision, 'graph'>,
): Followed {
  const nodes = Object.keys(graph).length;
  return { execution: _id, user, job: job as UUID, promptId: promptId as string, nodes };
}

/** A socket that has been open for so long was no failure; in ms. */
const STEADY = 30_000;
/** How often in a row a connection may fail before this run is only asked for. */
const MOST_FAILURES = 5;
/** How long the start of a run waits for its socket, in ms: later events come all the same. */
const PATIENCE = 2_000;

/** The most runs that are listened to at once; the others are only asked for. */
const MOST_FOLLOWED = 200;

const following = new Map<string, Promise<void>>();

/** Whether this process listens to a run. */
export function isFollowed(promptId: string | null | undefined): boolean {
  return following.has(promptId ?? '');
}

/** Begins to listen to a run, unless this process does already, or does not live on. */
export async function followRun(ctx: Ctx, pod: PodAddress, run: Followed): Promise<void> {
  if (!config.listensToPods || isFollowed(run.promptId)) return;
  if (following.size >= MOST_FOLLOWED) return;
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const ended = listen(ctx, pod, run, onOpen)
    .catch((error: Error) => ctx.log.warn('A run is no longer listened to.', { error }))
    .finally(() => {
      following.delete(run.promptId);
      onOpen();
    });
  following.set(run.promptId, ended);
  await Promise.race([opened, pause(PATIENCE, undefined, { ref: false })]);
}

/** Listens until the run has ended, through sockets that break off. */
async function listen(ctx: Ctx, pod: PodAddress, run: Followed, onOpen: () => void): Promise<void> {
  const report = startReport(ctx, run);
  for (let failures = 0; failures < MOST_FAILURES; failures++) {
    const since = performance.now();
    try {
      const socket = await openSocket(pod, run.promptId);
      onOpen();
      if ((await listenToRun(socket, run.promptId, report)) === 'ENDED') break;
    } catch (error) {
      const { message } = error as Error;
      ctx.log.info('A pod cannot be listened to.', { pod: idText(pod._id), error: message });
    }
    if (await report.isOver()) break;
    if (performance.now() - since > STEADY) failures = 0;
    await pause(1000 * 2 ** failures, undefined, { ref: false });
  }
  await report.end();
}

function openSocket(pod: PodAddress, clientId: string): Promise<WebSocket> {
  const url = new URL(`${pod.baseUrl.replace(/\/$/, '')}/ws?clientId=${clientId}`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const reach = { toPrivate: pod.isPrivate, toLoopback: config.stage === 'local' };
  return openSocketGuarded(url, (address) => isReachable(address, reach));
}
