import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../billing/accounts.ts';
import { postEntry } from '../billing/ledger.ts';
import { takeTurn } from '../billing/turns.ts';
import { noteDisputes } from './disputes.ts';
import { fetchFacts, type PaymentFacts, type RefundFact } from './facts.ts';
import { findChange, type Values } from './find-change.ts';
import { type Reversal, takeReversals } from './reversals.ts';

/**
 * Brings a payment, and the credits that it bought, to what Stripe says of it now. It may be asked for any
 * number of times, in any order, and by several processes at once: each fact only goes forward (paid, refund
 * failed, dispute closed), and has one entry in the ledger. So an answer that was read before another one, and
 * is written after it, undoes nothing.
 */
export async function settlePayment(ctx: Ctx, _id: UUID): Promise<void> {
  const payment = await findOne(ctx, Payment, { _id }, WHOLE);
  const { providerId } = payment ?? {};
  if (!payment || !providerId) return;
  const facts = await fetchFacts({ flow: payment.flow, providerId });
  await openAccount(ctx, payment.user);
  const own = { ...ctx, promisedId: undefined };
  await takeTurn(payment.user, () => transaction(own, (tx) => applyFacts(tx, _id, facts)));
}

async function applyFacts(tx: Ctx, _id: UUID, facts: PaymentFacts): Promise<void> {
  const payment = await findOne(tx, Payment, { _id }, WHOLE);
  if (!payment) return;
  const mismatch = findMismatch(payment, facts);
  if (mismatch) {
    tx.log.error('A payment is not what was asked for.', { payment: idText(_id), mismatch });
    const error = { code: 'AMOUNT_MISMATCH', message: mismatch };
    return write(tx, payment, { error });
  }
  const common = readCommon(payment, facts);
  const isPaid = payment.completedAt !== undefined || facts.state === 'PAID';
  if (!isPaid) return write(tx, payment, { ...common, ...describeUnpaid(payment, facts) });
  await postPurchase(tx, payment);
  const refunds = mergeRefunds(payment.refunds ?? [], facts.refunds);
  const disputes = await noteDisputes(tx, payment, facts.disputes);
  const reversals: Reversal[] = [
    ...refunds.map((one) => ({ kind: 'refund' as const, ...one })),
    ...disputes.map(({ providerId, amount, status }) => ({
      ...{ kind: 'dispute' as const, id: providerId, amount, isActive: status === 'LOST' },
    })),
  ];
  const taken = await takeReversals(tx, payment, reversals);
  const back = reversals.reduce((sum, one) => sum + (one.isActive ? one.amount : 0), 0);
  const isDisputed = disputes.some(({ status }) => status === 'LOST');
  const message = "The payer's bank took the payment back.";
  await write(tx, payment, {
    ...common,
    ...taken,
    refunds,
    status: back >= payment.amount && back > 0 ? 'REFUNDED' : 'COMPLETED',
    refundedAmount: Math.min(back, payment.amount),
    completedAt: payment.completedAt ?? new Date(tx.clock()),
    error: isDisputed ? { code: 'DISPUTED', message } : undefined,
  });
}

/** Says what was paid other than what was asked for: nothing is credited for it before a person has looked. */
function findMismatch(
  { amount, currency }: PaymentDoc,
  { received }: PaymentFacts,
): string | undefined {
  if (!received || (received.amount === amount && received.currency === currency)) return undefined;
  return `${amount} ${currency} were asked for, and ${received.amount} ${received.currency} were paid.`;
}

function readCommon({ intentId }: PaymentDoc, facts: PaymentFacts): Values {
  const { receiptUrl, invoiceUrl } = facts;
  return {
    ...(!intentId && facts.intentId && { intentId: facts.intentId }),
    ...(receiptUrl && { receiptUrl }),
    ...(invoiceUrl && { invoiceUrl }),
  };
}

/** FAILED is kept, unless it is paid after all; what PENDING waits for may change. */
function describeUnpaid({ status }: PaymentDoc, { state, error }: PaymentFacts): Values {
  if (status === 'FAILED') return {};
  return { status: state, error };
}

async function postPurchase(tx: Ctx, { _id, user, credits, flow }: PaymentDoc): Promise<void> {
  if (credits === 0) return;
  const cause = flow === 'SUBSCRIPTION' ? 'SUBSCRIPTION' : 'PACKAGE';
  await postEntry(tx, {
    ...{ account: user, type: 'PURCHASE', cause, amount: credits, payment: _id },
    ...{ against: SYSTEM_ACCOUNTS.REVENUE, key: `payment:${idText(_id)}` },
  });
}

/** A refund that was seen to fail has failed, whatever an older answer says. */
function mergeRefunds(known: RefundFact[], found: RefundFact[]): RefundFact[] {
  const byId = new Map(known.map((one) => [one.id, one]));
  for (const one of found) {
    const before = byId.get(one.id);
    byId.set(one.id, { ...one, isActive: one.isActive && (before?.isActive ?? true) });
  }
  return [...byId.values()];
}

/** Writes what differs; nothing, and no audit entry, where nothing does. */
async function write(tx: Ctx, payment: PaymentDoc, values: Values): Promise<void> {
  const change = findChange(payment, values);
  if (change) await update(tx, Payment, { _id: payment._id }, change, 'settle');
}
