import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { SETTLED_AFTER } from '../run-stages.ts';
import { OPEN } from './execution-input.ts';
import type { ExecutionDoc } from './open-run.ts';
import type { PlannedFile } from './output-kinds.ts';
import { stopLater } from './stop-job.ts';

/** What is to be known of a run that is given up. */
export type Abandoned = Pick<ExecutionDoc, '_id' | 'stage' | 'pod' | 'promptId' | 'files'>;

/** Has a run stopped that may be at its pod, in the transaction that gives it up. */
export async function stopAbandoned(tx: Ctx, run: Abandoned): Promise<void> {
  const { _id: execution, pod, promptId, stage } = run;
  if (!pod || !promptId || !['SUBMITTING', 'SUBMITTED', 'RUNNING'].includes(stage)) return;
  // The request that submits it may be under way yet: once more, when it has arrived.
  const delays = stage === 'SUBMITTING' ? [0, SETTLED_AFTER / 1000 + 5] : [0];
  await stopLater(tx, { pod, promptId, execution }, delays);
}

/**
 * Stops the runs of executions that are removed while they are open, in that transaction. @returns the media that
 * they have made so far
 */
export async function stopRemoved(tx: Ctx, removed: ExecutionDoc[]): Promise<UUID[]> {
  const open = removed.filter(({ status }) => OPEN.includes(status));
  for (const run of open) await stopAbandoned(tx, run);
  return open.flatMap(listMade);
}

/** The media that a run has made so far, or was to make. */
export function listMade({ files }: Pick<ExecutionDoc, 'files'>): UUID[] {
  return ((files ?? []) as PlannedFile[]).map(({ medium }) => medium);
}
