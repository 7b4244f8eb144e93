import Joi from 'joi';
import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { User } from '../../../models/account/user.ts';
import { idInput } from '../../jobs/input.ts';
import type { JobType } from '../../jobs/job-type.ts';
import { enqueueWithin } from '../../jobs/queue.ts';

/** Who was switched off, and when: `credentialsVersion` tells one switch of the same user from another. */
export interface Suspension {
  user: UUID;
  credentialsVersion: number;
  since: Date;
}

/** A request of the user that was under way, and may begin a subscription, has ended by then, in s. */
const DELAY = 60;

/**
 * Has the subscription of a user end who was switched off, as if they had cancelled it. Without Stripe it is
 * tried for most of a day.
 */
export const endSuspended: JobType<Suspension> = {
  name: 'end-suspended-subscription',
  input: Joi.object({
    user: idInput().required(),
    credentialsVersion: Joi.number().integer().required(),
    since: Joi.date().required(),
  }),
  attempts: 300,
  timeout: 120,
  queue: 'provider',
  run: async (work) => (await import('./end-suspended.ts')).runEndSuspended(work),
};

/**
 * Sees to the subscription of a user, in the transaction that switches them off, after it has raised the version of their
 * credentials: at once, and once more.
 */
export async function enqueueSuspension(tx: Ctx, user: UUID): Promise<void> {
  const projection = { projection: { credentialsVersion: 1 } };
  const found = await findOne(tx, User, { _id: user }, projection);
  if (!found) return;
  const { credentialsVersion } = found;
  const input = { user, credentialsVersion, since: new Date(tx.clock()) };
  await enqueueWithin(tx, endSuspended, { input });
  await enqueueWithin(tx, endSuspended, { input, delay: DELAY });
}
