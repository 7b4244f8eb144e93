import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { enqueueWithin } from '../../jobs/queue.ts';

/** A request of the user that was under way, and may begin a subscription, has ended by then, in s. */
const DELAY = 60;

/**
 * Has the subscription of a user end who was switched off, as if they had cancelled it. Without Stripe it is
 * tried for most of a day.
 */
export const endSuspended: JobType<{ user: UUID; since: Date }> = {
  name: 'end-suspended-subscription',
  input: Joi.object({ user: idInput().required(), since: Joi.date().required() }),
  attempts: 300,
  timeout: 120,
  queue: 'provider',
  run: async (work) => (await import('./end-suspended.ts')).runEndSuspended(work),
};

/** Sees to the subscription of a user, in the transaction that switches them off: at once, and once more. */
export async function enqueueSuspension(tx: Ctx, user: UUID): Promise<void> {
  const input = { user, since: new Date(tx.clock()) };
  await enqueueWithin(tx, endSuspended, { input });
  await enqueueWithin(tx, endSuspended, { input, delay: DELAY });
}
