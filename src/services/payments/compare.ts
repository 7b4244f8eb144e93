import { idText } from '../../data/ids.ts';
import type { CreditsTransactionDoc } from '../../models/billing/credits-transaction.ts';
import type { DisputeDoc } from '../../models/billing/dispute.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import type { DIFFERENCES } from '../../models/billing/payment-report.ts';

/** One thing that the provider's books and ours do not agree on. */
export interface Difference {
  kind: (typeof DIFFERENCES)[number];
  payment?: PaymentDoc['_id'];
  providerId?: string;
  message: string;
}

/** A charge that succeeded, as Stripe has it, in minor units. */
export interface BookedCharge {
  id: string;
  intentId: string;
  /** The payment that it is marked with. */
  mark?: string;
  amount: number;
  amountRefunded: number;
  currency: string;
}

/** What we have of a charge. */
export interface BookedPayment {
  payment: PaymentDoc;
  /** The entry that its credits came by. */
  entry: Pick<CreditsTransactionDoc, 'amount'> | undefined;
  disputes: Pick<DisputeDoc, 'amount' | 'status'>[];
}

/** Compares one charge with what we have of it. */
export function compareCharge(charge: BookedCharge, ours: BookedPayment | undefined): Difference[] {
  const { id: providerId, mark, currency } = charge;
  if (!ours) {
    // Without our mark it is another application's.
    if (!mark) return [];
    const message = `Stripe has ${charge.amount} ${currency} for payment ${mark}, which is not here.`;
    return [{ kind: 'MISSING', providerId, message }];
  }
  const { payment, entry, disputes } = ours;
  const name = (kind: Difference['kind'], message: string): Difference => ({
    ...{ kind, payment: payment._id, providerId, message },
  });
  if (payment.currency !== currency) {
    return [name('CURRENCY', `Stripe has ${currency}, the payment ${payment.currency}.`)];
  }
  const found: Difference[] = [];
  if (payment.amount !== charge.amount) {
    found.push(name('AMOUNT', `Stripe has ${charge.amount}, the payment ${payment.amount}.`));
  }
  if (payment.status === 'PENDING' || payment.status === 'FAILED') {
    return [...found, name('MISSING', `Stripe has it paid; the payment is ${payment.status}.`)];
  }
  const lost = disputes.filter(({ status }) => status === 'LOST');
  const lostAmount = lost.reduce((sum, { amount }) => sum + amount, 0);
  const back = Math.min(charge.amountRefunded + lostAmount, payment.amount);
  if (payment.refundedAmount !== back) {
    found.push(name('REFUND', `${back} went back at Stripe, ${payment.refundedAmount} here.`));
  }
  if ((entry?.amount ?? 0) !== payment.credits) {
    const has = entry ? `has ${entry.amount}` : 'has no entry';
    found.push(name('CREDITS', `It bought ${payment.credits} credits; the ledger ${has}.`));
  }
  return found;
}

/** Names a second charge for the same payment. */
export function nameDouble(
  charge: BookedCharge,
  first: string,
  { payment }: BookedPayment,
): Difference {
  const message = `Payment ${idText(payment._id)} was charged twice: ${first}, ${charge.id}.`;
  return { kind: 'DOUBLE', payment: payment._id, providerId: charge.id, message };
}

/** Names an invoice of a subscription of ours that is paid, and is no payment here. */
export function nameUnbooked(invoice: string, subscription: string): Difference {
  const message = `Invoice ${invoice} of subscription ${subscription} is paid, and is not here.`;
  return { kind: 'MISSING', providerId: invoice, message };
}

/** Names a payment that is paid here, and of which Stripe has no charge. */
export function nameUnknown({ _id, intentId }: PaymentDoc): Difference {
  const message = `The payment is paid here; Stripe has no charge of ${intentId ?? 'it'}.`;
  return {
    ...{ kind: 'UNKNOWN' as const, payment: _id, message },
    ...(intentId && { providerId: intentId }),
  };
}
