import type { UUID } from '../../../data/ids.ts';

/** What the job of an execution is told. */
export interface ExecutionInput {
  document: UUID;
}

/** What comes of it. */
export interface ExecutionResult {
  document: UUID;
  /** How many media it has made. */
  outputs: number;
  /** What it has cost, where it was to cost something. */
  cost?: number;
}

/** The statuses of a run that has not ended. */
export const OPEN = ['QUEUED', 'RUNNING', 'HELD'];

/** What is only true of one try at a pod. */
export const OF_ONE_TRY = [
  ...['pod', 'promptId', 'waitingSince', 'sentAt', 'runningSince'],
  ...['missingSince', 'unreachedSince', 'files', 'nodeErrors', 'refusals'],
];
