import { idText } from '../../data/ids.ts';
import type { DisputeDoc } from '../../models/billing/dispute.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import type { DIFFERENCES } from '../../models/billing/payment-report.ts';
import { countBought } from '../billing/bought.ts';
import { type DisputeFact, sumLost } from './facts.ts';

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
  /** Those that Stripe lists: old ones it may not. */
  disputes: DisputeFact[];
}

/** The credits of a payment, by the ledger. */
export interface BookedCredits {
  /** What was added, and by how many entries. */
  bought: number;
  purchases: number;
  /** What was taken back. */
  taken: number;
}

/** What we have of a charge. */
export interface BookedPayment {
  payment: PaymentDoc;
  booked: BookedCredits;
  disputes: Pick<DisputeDoc, 'providerId' | 'amount' | 'status'>[];
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
  const { payment, disputes } = ours;
  const lost = countLost(charge, ours);
  const name = (kind: Difference['kind'], message: string): Difference => ({
    ...{ kind, payment: payment._id, providerId, message },
  });
  if (isRefusedAndBack(payment, charge, lost)) return [];
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
  const back = Math.min(charge.amountRefunded + lost, payment.amount);
  if (payment.refundedAmount !== back) {
    found.push(name('REFUND', `${back} went back at Stripe, ${payment.refundedAmount} here.`));
  }
  found.push(...compareCredits(ours, back).map(([kind, message]) => name(kind, message)));
  for (const { providerId: id, status } of charge.disputes) {
    const here = disputes.find((one) => one.providerId === id)?.status;
    if ((status === 'OPEN') === (here === 'OPEN')) continue;
    // Of one that is lost the money tells, unless all had gone back before.
    if (status === 'LOST' && found.length > 0) continue;
    found.push(name('DISPUTE', `Dispute ${id} is ${status} at Stripe, ${here ?? 'unknown'} here.`));
  }
  return found;
}

/** Other than what was asked for was paid, which bought nothing, and was given back. */
function isRefusedAndBack(
  { status, error }: PaymentDoc,
  { amount, amountRefunded }: BookedCharge,
  lost: number,
): boolean {
  const isRefused = status === 'FAILED' && error?.code === 'AMOUNT_MISMATCH';
  return isRefused && amountRefunded + lost >= amount;
}

/** Compares the ledger with what was bought, and what went back; of that not where it is named already. */
function compareCredits(
  { payment, booked }: Pick<BookedPayment, 'payment' | 'booked'>,
  back: number,
): [Difference['kind'], string][] {
  const { bought, purchases, taken } = booked;
  if (purchases > 1) return [['DOUBLE', `The ledger has ${purchases} entries for its credits.`]];
  if (bought !== payment.credits) {
    const has = purchases > 0 ? `has ${bought}` : 'has no entry';
    return [['CREDITS', `It bought ${payment.credits} credits; the ledger ${has}.`]];
  }
  const due = countBought(payment, back);
  if (taken === due || payment.refundedAmount !== back) return [];
  return [['CREDITS', `${due} of its credits went back; the ledger has taken ${taken}.`]];
}

/** What banks took back, by what Stripe says of each dispute, else by what is known of it here. */
function countLost(charge: BookedCharge, { disputes }: BookedPayment): number {
  const all = new Map([...disputes, ...charge.disputes].map((one) => [one.providerId, one]));
  return sumLost([...all.values()]);
}

/** Whether a charge was made beside the one that a payment knows, and given back whole: that is as it should be. */
export function isSettledDouble(charge: BookedCharge, { payment }: BookedPayment): boolean {
  const { intentId, amount, amountRefunded, disputes } = charge;
  const back = amountRefunded + sumLost(disputes);
  return Boolean(payment.intentId) && payment.intentId !== intentId && back >= amount;
}

/** Names a second charge for the same payment. */
export function nameDouble(
  charge: BookedCharge,
  first: string,
  { payment }: BookedPayment,
): Difference {
  const message = `Payment ${idText(payment._id)} was charged twice: ${first}, ${charge.id}.`;
  // The one that the payment does not know: the other is found by the payment.
  const providerId = charge.intentId === payment.intentId ? first : charge.id;
  return { kind: 'DOUBLE', payment: payment._id, providerId, message };
}

/** Compares the ledger with a payment that has no charge: one that a discount or a balance has paid. */
export function compareUncharged(payment: PaymentDoc, booked: BookedCredits): Difference[] {
  const found = compareCredits({ payment, booked }, payment.refundedAmount);
  const { _id, intentId: providerId } = payment;
  return found.map(([kind, message]) => ({
    ...{ kind, payment: _id, message },
    ...(providerId && { providerId }),
  }));
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
