import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { findMany, findOne, WHOLE } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { User } from '../../../models/account/user.ts';
import { Payment, type PaymentDoc } from '../../../models/billing/payment.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { Work } from '../../jobs/job-type.ts';
import { refundPayment } from '../refund.ts';
import { callStripe } from '../stripe.ts';
import { setCancellation } from './change.ts';
import { endNow } from './end-now.ts';
import { fetchPaidInvoices, type InvoiceFacts } from './facts.ts';
import { voidInvoices } from './open-invoices.ts';
import { settleSubscription } from './settle.ts';
import type { Suspension } from './suspension-job.ts';

/** More than are ever charged between a switch and its job. */
const MOST = 100;

/**
 * The job: nobody is charged for what they cannot sign in to use. The subscription of a user who is switched off
 * ends with its period; what is past due ends at once, and what was never paid for can be paid no more. A period
 * that has begun since is ended at once, and given back where it was paid. Switched on again while the period lasts,
 * they may resume it; switched on before this runs, they keep it as it is, also when they are switched off anew.
 */
export async function runEndSuspended({
  ctx,
  input: { user, credentialsVersion, since },
}: Work<Suspension>): Promise<object> {
  // Each switch raises that version.
  const switchedOff = { _id: user, isActive: false, credentialsVersion };
  if (!(await findOne(ctx, User, switchedOff, { projection: { _id: 1 } }))) return {};
  const known = (await findOpen(ctx, user)) ?? (await findEnded(ctx, user, since));
  if (!known) return {};
  // It may have been paid, or become past due, and no event has told yet.
  await settleSubscription(ctx, known._id);
  const open = await findOpen(ctx, user);
  if (open) await end(ctx, open, since);
  await giveBack(ctx, known, since);
  return {};
}

function findOpen(ctx: Ctx, user: UUID): Promise<SubscriptionDoc | null> {
  return findOne(ctx, Subscription, { user, isOpen: true }, WHOLE);
}

/** One that an earlier try has ended: what it has cost may still have to be given back. */
function findEnded(ctx: Ctx, user: UUID, since: Date): Promise<SubscriptionDoc | null> {
  return findOne(ctx, Subscription, { user, endedAt: { $gte: since } }, WHOLE);
}

async function end(ctx: Ctx, open: SubscriptionDoc, since: Date): Promise<void> {
  const { providerId } = open;
  if (providerId && (beganSince(open, since) || (await hasDraft(providerId)))) {
    await endNow(providerId);
    // What was charged until then is known by now.
    await settleSubscription(ctx, open._id);
    return;
  }
  await setCancellation(ctx, open, true);
  if (providerId) await voidInvoices(providerId);
}

function beganSince({ periodStart }: SubscriptionDoc, since: Date): boolean {
  return periodStart !== undefined && periodStart !== null && periodStart > since;
}

/** Whether the invoice of its next period is made already, and not charged yet: Stripe takes an hour for it. */
async function hasDraft(subscription: string): Promise<boolean> {
  const of = { subscription, status: 'draft', limit: 1 } as const;
  return (await callStripe((stripe) => stripe.invoices.list(of))).data.length > 0;
}

/** Gives back what was charged for a period that has begun since. */
async function giveBack(ctx: Ctx, { _id }: SubscriptionDoc, since: Date): Promise<void> {
  const now = await findOne(ctx, Subscription, { _id }, WHOLE);
  if (!now?.providerId || !beganSince(now, since)) return;
  const paid = await fetchPaidInvoices(now.providerId);
  const isFor = ({ lines }: InvoiceFacts) =>
    lines.some(({ isCharged, start }) => isCharged && start > since);
  const invoices = { $in: paid.filter(isFor).map(({ id }) => id) };
  const charged = { provider: 'STRIPE', providerId: invoices, status: 'COMPLETED' };
  for (const payment of await findMany(ctx, Payment, charged, { ...WHOLE, limit: MOST })) {
    if (payment.intentId) await refund(ctx, payment); // else a balance or a discount has paid
  }
}

async function refund(ctx: Ctx, payment: PaymentDoc): Promise<void> {
  const id = idText(payment._id);
  const own = { ...ctx, requestKey: `suspended-${id}` };
  try {
    await refundPayment(own, payment, { reason: 'The account is switched off.' });
  } catch (error) {
    // Stripe refuses it, such as one that is disputed: no other try would be answered otherwise.
    if (!(error instanceof AppError) || error.code !== 'INVALID_STATE') throw error;
    ctx.log.error('What a user paid who is switched off cannot be given back.', {
      payment: id,
      error,
    });
  }
}
