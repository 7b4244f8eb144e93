import Joi from 'joi';
import type { UUID } from '../../data/ids.ts';
import { FAIL_DEPENDENTS } from './fail-dependents.ts';
import { idInput } from './input.ts';
import type { JobType } from './job-type.ts';

export interface FailDependentsInput {
  /** Jobs that have failed, or were cancelled. */
  jobs: UUID[];
}

/** Fails those that wait for jobs which have not completed, where they are too many for one transaction. */
export const failDependentsJob: JobType<FailDependentsInput, { failed: number }> = {
  name: FAIL_DEPENDENTS,
  input: Joi.object<FailDependentsInput>({
    jobs: Joi.array().items(idInput()).min(1).required(),
  }),
  attempts: 10,
  queue: 'upkeep',
  run: async (work) => (await import('./fail-rest.ts')).failRest(work),
};
