import {
  add,
  emit,
  FakeError,
  need,
  type Params,
  requireParams,
  type State,
  type StripeObject,
} from './state.ts';

/** POST /v1/refunds, and what somebody does in Stripe's dashboard. */
export function createRefund(state: State, params: Params): StripeObject {
  requireParams(params, 'payment_intent');
  const charge = findCharge(state, params.payment_intent);
  const left = charge.amount - charge.amount_refunded;
  const amount = Number(params.amount ?? left);
  checkLastDigit(amount, charge.currency);
  if (amount > left || charge.disputed === 'lost') {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`;
    const code = left === 0 ? 'charge_already_refunded' : 'amount_too_large';
    throw new FakeError(400, { type: 'invalid_request_error', code, message, param: 'amount' });
  }
  const { currency, payment_intent } = charge;
  const refund = add(state, 're', 'refund', {
    ...{ amount, currency, payment_intent, charge: charge.id, status: state.refundStatus },
    ...{ metadata: params.metadata ?? {}, reason: params.reason ?? null },
  });
  change(charge, amount);
  emit(state, 'refund.created', refund);
  emit(state, 'charge.refunded', charge);
  return refund;
}

/** A refund that was pending has come to its end; even one that succeeded may fail later. */
export function finishRefund(state: State, id: string, status: 'succeeded' | 'failed'): void {
  const refund = need(state, id, 'refund');
  refund.status = status;
  if (status === 'failed') {
    change(need(state, refund.charge, 'charge'), -refund.amount);
    refund.failure_reason = 'expired_or_canceled_card';
    emit(state, 'refund.failed', refund);
  }
  emit(state, 'refund.updated', refund);
}

function change(charge: StripeObject, by: number): void {
  charge.amount_refunded += by;
  charge.refunded = charge.amount_refunded === charge.amount;
}

/** The payer's bank disputes a payment. */
export function openDispute(state: State, intent: string, status = 'needs_response'): StripeObject {
  const charge = findCharge(state, intent);
  charge.disputed = true;
  const { amount, currency, payment_intent } = charge;
  const dispute = add(state, 'dp', 'dispute', {
    ...{ amount, currency, payment_intent, charge: charge.id, status, reason: 'fraudulent' },
    ...{ balance_transactions: [], metadata: {} },
  });
  emit(state, 'charge.dispute.created', dispute);
  if (status === 'needs_response') moveFunds(state, dispute, -amount);
  return dispute;
}

export function closeDispute(
  state: State,
  id: string,
  status: 'won' | 'lost' | 'warning_closed',
): void {
  reviewDispute(state, id, 'under_review');
  const dispute = need(state, id, 'dispute');
  dispute.status = status;
  const moved = sumFunds(dispute);
  if (status === 'won' && moved < 0) moveFunds(state, dispute, -moved);
  if (status === 'lost' && moved === 0) moveFunds(state, dispute, -dispute.amount);
  emit(state, 'charge.dispute.closed', dispute);
}

/** It waits to be decided: for the first time, or again, after somebody has appealed. */
export function reviewDispute(
  state: State,
  id: string,
  status: 'under_review' | 'appeal_needs_response' | 'appeal_under_review',
): void {
  const dispute = need(state, id, 'dispute');
  dispute.status = status;
  emit(state, 'charge.dispute.updated', dispute);
}

/** Keeps a dispute from being raised: by giving the money back at once, or because it was refunded before. */
export function preventDispute(state: State, intent: string, takesFunds: boolean): StripeObject {
  const dispute = openDispute(state, intent, 'prevented');
  if (takesFunds) moveFunds(state, dispute, -dispute.amount);
  return dispute;
}

function moveFunds(state: State, dispute: StripeObject, amount: number): void {
  dispute.balance_transactions.push({ object: 'balance_transaction', amount });
  const name = amount < 0 ? 'withdrawn' : 'reinstated';
  emit(state, `charge.dispute.funds_${name}`, dispute);
}

function sumFunds({ balance_transactions: moves }: StripeObject): number {
  return moves.reduce((sum: number, { amount }: { amount: number }) => sum + amount, 0);
}

function findCharge(state: State, intent: unknown): StripeObject {
  const { latest_charge } = need(state, intent, 'payment_intent');
  return need(state, latest_charge, 'charge');
}

/** Of a currency with three decimals Stripe takes no amount whose last digit is not 0. */
function checkLastDigit(amount: number, currency: string): void {
  if (!['bhd', 'jod', 'kwd', 'omr', 'tnd'].includes(currency) || amount % 10 === 0) return;
  const message = `Invalid amount: ${amount} must be a multiple of 10 in ${currency}.`;
  throw new FakeError(400, { type: 'invalid_request_error', message, param: 'amount' });
}
