import Joi from 'joi';
import { JobFailure, type JobType, listJobTypes } from '../../src/services/jobs/job-type.ts';

/** Costs what it is told; uses as much of it as it is told, or fails where that is negative. */
export const paid: JobType<{ price: number; use: number }, { used: number }> = {
  name: 'paid-work',
  input: Joi.object({ price: Joi.number().required(), use: Joi.number().required() }),
  attempts: 1,
  price: async (_ctx, { price }) => price,
  charge: (_, { used }) => used,
  run: async ({ input: { use } }) => {
    if (use < 0) throw new JobFailure('BROKEN', 'It broke.');
    return { used: use };
  },
};

export const paidTypes = listJobTypes(paid as unknown as JobType);
