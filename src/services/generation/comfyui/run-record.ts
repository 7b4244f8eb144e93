import type { Seen } from './look.ts';
import type { ExecutionWork, LogLine, OpenRun } from './open-run.ts';
import type { Ended } from './protocol.ts';
import { recordUsage } from './record-usage.ts';

/** When a run began, and how many seconds its pod had it in work, whether it succeeded or not. */
export function readTimes({ messages }: Ended): { startedAt?: Date; seconds?: number } {
  const at = (...names: string[]) => messages.findLast(({ event }) => names.includes(event))?.at;
  const start = at('execution_start');
  const end = at('execution_success', 'execution_error', 'execution_interrupted');
  return {
    ...(start && { startedAt: new Date(start) }),
    ...(start && end && { seconds: Math.max(0, end - start) / 1000 }),
  };
}

/** The most lines of a pod that are kept of one run. */
const MOST_LINES = 50;

/** What a pod tells of a run, as lines of its log: which node when, and nothing of what it was given. */
export function describeMessages({ messages }: Ended): LogLine[] {
  const told = messages.filter(({ event }) => EVENTS.has(event));
  return told.slice(-MOST_LINES).map(({ event, at, data }) => ({
    event,
    ...(at && { at: new Date(at) }),
    ...(isNode(data.node_id) && { node: data.node_id }),
  }));
}

/** The log is kept in clear: so only events that we know, and what looks like the id of a node. */
const EVENTS = new Set([
  ...['execution_start', 'execution_cached', 'execution_success'],
  ...['execution_error', 'execution_interrupted'],
]);

/** Whether it looks like the id of a node. */
export function isNode(id: unknown): id is string {
  return typeof id === 'string' && /^[\w:.-]{1,64}$/.test(id);
}

/** The fields that say how long a run took, and how long its execution has had pods in work in all. */
export function describeUse(run: OpenRun, seconds: number | undefined): Record<string, number> {
  if (seconds === undefined) return {};
  return { runSeconds: seconds, gpuSeconds: (run.document.gpuSeconds ?? 0) + seconds };
}

/** Keeps what a run that has failed has used, and what its pod tells of it. */
export async function recordFailure(
  { ctx, signal }: ExecutionWork,
  run: OpenRun,
  { pod, ended }: Seen,
): Promise<void> {
  if (!pod || !ended) return;
  const { seconds } = readTimes(ended);
  await run.save({ set: describeUse(run, seconds) }, 'use', describeMessages(ended));
  await recordUsage(ctx, pod, run.document, seconds, signal);
}
