import type { Ctx } from '../../context.ts';
import { idText, newId } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { AppError, invalid } from '../../errors.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { toStripeAmount } from './currency.ts';
import { settlePayment } from './settle.ts';
import { callOrRefuse } from './stripe.ts';

/** What an administrator gives back; all that is left, unless said otherwise. */
export interface NewRefund {
  amount?: number;
  reason?: string;
}

/**
 * Refunds a payment at Stripe. If the answer never arrives, the refund is told of by its events, or by the
 * same request once more.
 * @throws AppError INVALID_STATE, VALIDATION_FAILED, UNAVAILABLE
 */
export async function refundPayment(
  ctx: Ctx,
  { _id }: Pick<PaymentDoc, '_id'>,
  { amount, reason }: NewRefund,
): Promise<PaymentDoc> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  if (!payment?.intentId || payment.status !== 'COMPLETED') {
    throw new AppError(
      'INVALID_STATE',
      `The payment is ${payment?.status}: nothing can be refunded.`,
    );
  }
  const { intentId, currency } = payment;
  const left = payment.amount - payment.refundedAmount;
  if (amount !== undefined && amount > left) {
    throw invalid([{ path: 'amount', message: `must be at most ${left}, which is what is left` }]);
  }
  // The same for a request that is sent again under its Idempotency-Key.
  const key = idText(ctx.promisedId ?? newId(ctx.clock()));
  await callOrRefuse((stripe) =>
    stripe.refunds.create(
      {
        payment_intent: intentId,
        amount: toStripeAmount(amount ?? left, currency),
        reason: 'requested_by_customer',
        metadata: { payment: idText(_id), ...(reason && { reason }) },
      },
      { idempotencyKey: `refund-${key}` },
    ),
  );
  await settlePayment(ctx, _id);
  return (await findOne(ctx, Payment, { _id })) as PaymentDoc;
}
