import type { Seen } from './look.ts';
import type { ExecutionWork, LogLine, OpenRun } from './open-run.ts';
import { type Ended, isNode } from './protocol.ts';
import { recordUsage } from './record-usage.ts';

/** How far the clock of a pod may be off, in ms, so that its times are still told. */
const MOST_AHEAD = 24 * 3_600_000;
/** How much longer than we waited for it a run may say that it took, in ms. */
const SLACK = 60_000;

/** Between what moments a run was at its pod, by the clock of the database. */
export interface Presence {
  from: Date;
  to: Date;
}

/** Between what moments the run was at its pod that was just looked at. */
export function readPresence({ document }: Pick<OpenRun, 'document'>): Presence {
  return { from: document.sentAt ?? document.createdAt, to: document.lookedAt as Date };
}

/**
 * When a run began, and how many seconds its pod had it in work, whether it succeeded or not: as its pod says, whose
 * clock may be wrong; but no longer than it was there.
 */
export function readTimes(
  { messages }: Pick<Ended, 'messages'>,
  { from, to }: Presence,
): { startedAt?: Date; seconds?: number } {
  const at = (...names: string[]) => messages.findLast(({ event }) => names.includes(event))?.at;
  const start = at('execution_start');
  const end = at('execution_success', 'execution_error', 'execution_interrupted');
  if (start === undefined) return {};
  const most = to.getTime() - from.getTime() + SLACK;
  return {
    ...(Math.abs(start - from.getTime()) < MOST_AHEAD && { startedAt: new Date(start) }),
    ...(end !== undefined && { seconds: Math.min(Math.max(0, end - start), most) / 1000 }),
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
  const { seconds } = readTimes(ended, readPresence(run));
  await run.save({ set: describeUse(run, seconds) }, 'use', describeMessages(ended));
  await recordUsage(ctx, pod, run.document, seconds, signal);
}
