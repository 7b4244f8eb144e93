import Joi from 'joi';
import type { JobType } from '../../../src/services/jobs/job-type.ts';

/** A job whose effect is one document. */
export const count: JobType = {
  name: 'count',
  input: Joi.object().unknown(),
  run: async () => ({}),
};
