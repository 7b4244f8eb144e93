import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { inTurn, lookAtEach } from './look-at-each.ts';
import { lookUpPayment } from './look-up.ts';
import { settlePayment } from './settle.ts';
import { callStripe, StripeRefusal } from './stripe.ts';

/** The request that opens a payment has ended by then, one way or another, in ms. */
const OPENED = 60_000;
/** What is not paid by then is canceled at Stripe, as its sessions end by themselves, in ms. */
const PAID = 26 * 3600_000;
/** Of each kind in a run. */
const MOST = 200;

/**
 * Looks up payments whose opening nobody knows the outcome of, ends those that nobody paid, and looks again at those
 * that were to be looked at again. However many of
 * one kind there are, and whatever cannot be looked up, none of the others waits for it.
 * @returns how many were looked at
 */
export async function finishPending(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const opening = hasCome(ctx, 'createdAt', OPENED);
  const due = await Promise.all([
    findDue(ctx, 'unopened', { providerId: { $exists: false }, ...opening }),
    // An invoice was paid before it became a payment.
    findDue(ctx, 'unpaid', { flow: 'SUBSCRIPTION', ...opening }),
    findDue(ctx, 'unpaid', {
      flow: { $in: ['CHECKOUT', 'INTENT', 'OFF_SESSION'] },
      providerId: { $exists: true },
      ...hasCome(ctx, 'createdAt', PAID),
    }),
    findRechecks(ctx),
  ]);
  return lookAtEach(ctx, Payment, inTurn(due), timeLeft, {
    look: (payment) => finish(ctx, payment),
    fail: (payment, error) =>
      ctx.log.error('A payment could not be looked up.', { payment: idText(payment._id), error }),
  });
}

function findDue(ctx: Ctx, hint: string, filter: TypedFilter): Promise<PaymentDoc[]> {
  const sort = { lookedUpAt: 1, createdAt: 1 } as const;
  const options = { ...WHOLE, sort, limit: MOST, hint };
  return findMany(ctx, Payment, { status: 'PENDING', ...filter }, options);
}

/** Those of which what went back has changed, and that nobody has looked at since. */
function findRechecks(ctx: Ctx): Promise<PaymentDoc[]> {
  const due = { recheckAt: { $exists: true }, ...hasCome(ctx, 'recheckAt') };
  return findMany(ctx, Payment, due, {
    ...WHOLE,
    sort: { lookedUpAt: 1, recheckAt: 1 },
    limit: MOST,
  });
}

async function finish(ctx: Ctx, payment: PaymentDoc): Promise<void> {
  const { providerId, flow, status } = payment;
  if (!providerId) return lookUpPayment(ctx, payment);
  const isOpen = status === 'PENDING' && (flow === 'INTENT' || flow === 'OFF_SESSION');
  if (isOpen) await cancelIntent(providerId);
  await settlePayment(ctx, payment._id);
}

async function cancelIntent(id: string): Promise<void> {
  try {
    await callStripe((stripe) => stripe.paymentIntents.cancel(id));
  } catch (error) {
    // It is paid, being paid, or canceled: settling finds out which.
    if (!(error instanceof StripeRefusal)) throw error;
  }
}
