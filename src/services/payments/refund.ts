import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { idText, newId } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { AppError, invalid } from '../../errors.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { isPayable, toStripeAmount } from './currency.ts';
import { makeByKeys } from './make-once.ts';
import { countRefundKeys } from './refund-keys.ts';
import { settlePayment } from './settle.ts';
import { callOrRefuse, callStripe } from './stripe.ts';

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
  const request = ctx.requestKey ?? idText(newId(ctx.clock()));
  const made = payment?.intentId && ctx.requestKey && (await findRefund(payment.intentId, request));
  if (payment && made) {
    // Answers are kept for a day; the mark on the refund tells the same request for ever.
    checkSame(made, amount);
    return settle(ctx, payment);
  }
  const isOther = payment !== null && isMismatched(payment);
  if (!payment?.intentId || (payment.status !== 'COMPLETED' && !isOther)) {
    throw new AppError(
      'INVALID_STATE',
      `The payment is ${payment?.status}: nothing can be refunded.`,
    );
  }
  const { intentId, currency } = payment;
  const left = payment.amount - payment.refundedAmount;
  if (amount !== undefined && isOther) {
    const message = 'must not be given: not what was asked for was paid, and all of that goes back';
    throw invalid([{ path: 'amount', message }]);
  }
  if (amount !== undefined && amount > left) {
    throw invalid([{ path: 'amount', message: `must be at most ${left}, which is what is left` }]);
  }
  if (amount !== undefined && !isPayable(amount, currency)) {
    const message = `must be a multiple of 10: ${currency} has three decimals, the last of which is 0`;
    throw invalid([{ path: 'amount', message }]);
  }
  // Stripe may have done it, whatever is answered: the Idempotency-Key stays this request's.
  ctx.noteWrite?.();
  const params: Stripe.RefundCreateParams = {
    payment_intent: intentId,
    // What is left may have changed since the first try. Stripe takes that by no key which it knows: see `makeOnce`.
    ...(!isOther && { amount: toStripeAmount(amount ?? left, currency) }),
    reason: 'requested_by_customer',
    metadata: {
      payment: idText(_id),
      request,
      asked: nameAsked(amount),
      ...(reason && { reason }),
    },
  };
  await makeByKeys(countRefundKeys(ctx, _id, request), {
    name: `refund-${request}`,
    create: (idempotencyKey) =>
      callOrRefuse((stripe) => stripe.refunds.create(params, { idempotencyKey })),
    find: () => findRefund(intentId, request),
  });
  return settle(ctx, payment);
}

/** What was asked for, as the refund bears it: another request by the same key is told from the same one. */
function nameAsked(amount: number | undefined): string {
  return amount === undefined ? 'all' : String(amount);
}

/** @throws AppError IDEMPOTENCY_KEY_REUSED */
function checkSame({ metadata }: Stripe.Refund, amount: number | undefined): void {
  if (metadata?.asked === nameAsked(amount)) return;
  const message = 'This Idempotency-Key was used with another amount.';
  throw new AppError('IDEMPOTENCY_KEY_REUSED', message);
}

/** Whether other than what was asked for was paid, which has bought nothing. */
function isMismatched({ status, error }: PaymentDoc): boolean {
  return status === 'PENDING' && error?.code === 'AMOUNT_MISMATCH';
}

/** Finds the refund that Stripe has made for this request: then less is left than when it was first asked for. */
async function findRefund(
  payment_intent: string,
  request: string,
): Promise<Stripe.Refund | undefined> {
  const of = { payment_intent, limit: 100 };
  const refunds = await callStripe((stripe) =>
    stripe.refunds.list(of).autoPagingToArray({ limit: 1000 }),
  );
  return refunds.find(({ metadata }) => metadata?.request === request);
}

async function settle(ctx: Ctx, { _id }: Pick<PaymentDoc, '_id'>): Promise<PaymentDoc> {
  await settlePayment(ctx, _id);
  return (await findOne(ctx, Payment, { _id })) as PaymentDoc;
}
