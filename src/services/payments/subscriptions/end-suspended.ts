import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { User } from '../../../models/account/user.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { Work } from '../../jobs/job-type.ts';
import { setCancellation } from './change.ts';
import { settleSubscription } from './settle.ts';

/**
 * The job: nobody is charged for what they cannot sign in to use. The subscription of a user who is switched off
 * ends with its period; what is past due ends at once, and what was never paid for can be paid no more. Switched
 * on again while the period lasts, they may resume it; switched on before this runs, they keep it as it is.
 */
export async function runEndSuspended({
  ctx,
  input: { user },
}: Work<{ user: UUID }>): Promise<object> {
  const switchedOff = { _id: user, isActive: false };
  if (!(await findOne(ctx, User, switchedOff, { projection: { _id: 1 } }))) return {};
  const known = await findOpen(ctx, user);
  // It may have been paid, or become past due, and no event has told yet.
  if (known) await settleSubscription(ctx, known._id);
  const open = known && (await findOpen(ctx, user));
  if (open) await setCancellation(ctx, open, true);
  return {};
}

function findOpen(ctx: Ctx, user: UUID): Promise<Pick<SubscriptionDoc, '_id'> | null> {
  return findOne(ctx, Subscription, { user, isOpen: true }, { projection: { _id: 1 } });
}
