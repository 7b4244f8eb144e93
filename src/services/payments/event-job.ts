import Joi from 'joi';
import type { UUID } from '../../data/ids.ts';
import { idInput } from '../jobs/input.ts';
import type { JobType } from '../jobs/job-type.ts';

/** Does what an event of Stripe's calls for. Without Stripe it is tried for most of an hour. */
export const handleStripeEvent: JobType<{ event: UUID }> = {
  name: 'handle-stripe-event',
  input: Joi.object({ event: idInput().required() }),
  attempts: 15,
  timeout: 120,
  queue: 'provider',
  run: async (work) => (await import('./handle-event.ts')).runEvent(work),
};
