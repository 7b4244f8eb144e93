import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany, findOne, WHOLE } from '../../../data/read.ts';
import { User } from '../../../models/account/user.ts';
import { Payment } from '../../../models/billing/payment.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { Work } from '../../jobs/job-type.ts';
import { refundPayment } from '../refund.ts';
import { callStripe } from '../stripe.ts';
import { setCancellation } from './change.ts';
import { settleSubscription } from './settle.ts';

/** More than are ever charged between a switch and its job. */
const MOST = 100;

/**
 * The job: nobody is charged for what they cannot sign in to use. The subscription of a user who is switched off
 * ends with its period; what is past due ends at once, and what was never paid for can be paid no more. A period
 * that has begun since is ended at once, and given back where it was paid. Switched on again while the period lasts,
 * they may resume it; switched on before this runs, they keep it as it is.
 */
export async function runEndSuspended({
  ctx,
  input: { user, since },
}: Work<{ user: UUID; since: Date }>): Promise<object> {
  const switchedOff = { _id: user, isActive: false };
  if (!(await findOne(ctx, User, switchedOff, { projection: { _id: 1 } }))) return {};
  const known = await findOpen(ctx, user);
  // It may have been paid, or become past due, and no event has told yet.
  if (known) await settleSubscription(ctx, known._id);
  const open = known && (await findOpen(ctx, user));
  if (!open) return {};
  const { providerId, periodStart } = open;
  const isNew = periodStart !== undefined && periodStart !== null && periodStart > since;
  // First of all: once it has ended it is not found any more.
  if (isNew) await giveBack(ctx, open, since);
  if (providerId && (isNew || (await hasDraft(providerId)))) {
    await callStripe((stripe) => stripe.subscriptions.cancel(providerId));
    await settleSubscription(ctx, open._id);
  } else await setCancellation(ctx, open, true);
  return {};
}

function findOpen(ctx: Ctx, user: UUID): Promise<SubscriptionDoc | null> {
  return findOne(ctx, Subscription, { user, isOpen: true }, WHOLE);
}

/** Whether the invoice of its next period is made already, and not charged yet: Stripe takes an hour for it. */
async function hasDraft(subscription: string): Promise<boolean> {
  const of = { subscription, status: 'draft', limit: 1 } as const;
  return (await callStripe((stripe) => stripe.invoices.list(of))).data.length > 0;
}

/** Gives back what was charged for it since. */
async function giveBack(ctx: Ctx, { _id }: SubscriptionDoc, since: Date): Promise<void> {
  const charged = { subscription: _id, status: 'COMPLETED', createdAt: { $gt: since } };
  for (const payment of await findMany(ctx, Payment, charged, { limit: MOST })) {
    const requestKey = `suspended-${idText(payment._id)}`;
    await refundPayment({ ...ctx, requestKey }, payment, {
      reason: 'The account is switched off.',
    });
  }
}
