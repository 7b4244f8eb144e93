import Joi from 'joi';
import type { UUID } from '../../../data/ids.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { cancelOpen, retryFailed } from './batch-members.ts';
import { MOST_OF_BATCH } from './spread-grid.ts';

/** What the job of a batch is told. */
export interface BatchInput {
  executions: UUID[];
}

/** What came of the executions. */
export interface BatchResult {
  completed: number;
  failed: number;
  /** How many media they have made. */
  outputs: number;
}

/**
 * Stands for executions that were asked for together: it is as far as they are, and whoever cancels it cancels
 * those that are open; whoever starts it anew starts those anew that have not completed. Each of them has a job
 * and a hold of its own, so that one that fails costs nothing and takes no other along.
 */
export const executeBatch: JobType<BatchInput, BatchResult> = {
  name: 'execute-batch',
  input: Joi.object<BatchInput>({
    executions: Joi.array().items(idInput()).min(1).max(MOST_OF_BATCH).required(),
  }),
  queue: 'provider',
  run: async (work) => (await import('./follow-batch.ts')).followBatch(work),
  abandoned: async (tx, _, { executions }, types) => {
    if (types) await cancelOpen(tx, types, executions);
  },
  retried: (tx, { executions }, types) => retryFailed(tx, types, executions),
};
