import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { lookUpPayment } from './look-up.ts';
import { settlePayment } from './settle.ts';
import { callStripe, StripeRefusal } from './stripe.ts';

/** The request that opens a payment has ended by then, one way or another, in ms. */
const OPENED = 60_000;
/** What is not paid by then is canceled at Stripe, as its sessions end by themselves, in ms. */
const PAID = 26 * 3600_000;
const MOST = 200;

/**
 * Looks up payments whose opening nobody knows the outcome of, and ends those that nobody paid. One that
 * cannot be looked up does not keep the others waiting.
 * @returns how many were looked at
 */
export async function finishPending(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const pending = { status: 'PENDING', ...hasCome(ctx, 'createdAt', OPENED) };
  const sort = { createdAt: 1, _id: 1 } as const;
  const found = await findMany(ctx, Payment, pending, { ...WHOLE, sort, limit: MOST });
  let looked = 0;
  for (const payment of found.filter((one) => isDue(ctx, one))) {
    if (timeLeft() < 20_000) break;
    try {
      await finish(ctx, payment);
      looked++;
    } catch (error) {
      ctx.log.error('A payment could not be looked up.', {
        payment: String(payment._id),
        error: error as Error,
      });
    }
  }
  return looked;
}

function isDue(ctx: Ctx, { providerId, createdAt, flow }: PaymentDoc): boolean {
  // An invoice was paid before it became a payment.
  const isPaid = flow === 'SUBSCRIPTION';
  return !providerId || isPaid || ctx.clock() - createdAt.getTime() > PAID;
}

async function finish(ctx: Ctx, payment: PaymentDoc): Promise<void> {
  const { providerId, flow } = payment;
  if (!providerId) return lookUpPayment(ctx, payment);
  if (flow === 'INTENT' || flow === 'OFF_SESSION') await cancelIntent(providerId);
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
