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
import { fetchFacts, type PaymentFacts, sumLost } from './facts.ts';
import { findChange, type Values } from './find-change.ts';
import { bringBack } from './reversals.ts';

/** How often it looks again at what changes while it looks. */
const LOOKS = 10;
/** By then it has looked again, in ms. */
const RECHECK = 60_000;

/**
 * Brings a payment, and the credits that it bought, to what Stripe says of it now. It may be asked for any
 * number of times, in any order, and by several processes at once. What was paid stays paid; what went back may
 * come back, and go again. So where that has changed it looks again after it has written: an answer that was read
 * before another one, and is written after it, does not stay.
 */
export async function settlePayment(ctx: Ctx, _id: UUID): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const payment = await findOne(ctx, Payment, { _id }, WHOLE);
    const { providerId } = payment ?? {};
    if (!payment || !providerId) return;
    const facts = await fetchFacts({ flow: payment.flow, providerId });
    await openAccount(ctx, payment.user);
    const own = { ...ctx, promisedId: undefined };
    const apply = (tx: Ctx) => applyFacts(tx, payment, facts);
    if (await takeTurn(payment.user, () => transaction(own, apply))) return;
  }
  throw new Error('A payment kept changing.');
}

/** @returns whether that is all: false where it is to be looked at again */
async function applyFacts(tx: Ctx, seen: PaymentDoc, facts: PaymentFacts): Promise<boolean> {
  const payment = await findOne(tx, Payment, { _id: seen._id }, WHOLE);
  if (!payment) return true;
  // Another one has written since Stripe was asked, and may have asked later.
  if (payment.version !== seen.version) return false;
  const isPaid = payment.completedAt !== undefined || facts.state === 'PAID';
  const mismatch = payment.completedAt ? undefined : findMismatch(payment, facts);
  const isAll =
    !mismatch && isPaid
      ? await applyPaid(tx, payment, facts)
      : await applyUnpaid(tx, payment, facts, mismatch);
  await noteRecheck(tx, payment, isAll);
  return isAll;
}

async function applyUnpaid(
  tx: Ctx,
  payment: PaymentDoc,
  facts: PaymentFacts,
  mismatch: string | undefined,
): Promise<boolean> {
  const values = mismatch
    ? refuseMismatch(tx, payment, { ...facts, mismatch })
    : describeUnpaid(payment, facts);
  await write(tx, payment, { ...readCommon(payment, facts), ...values });
  // What went back of what bought nothing may come back, too.
  return !mismatch || values.status === payment.status;
}

async function applyPaid(tx: Ctx, payment: PaymentDoc, facts: PaymentFacts): Promise<boolean> {
  const { refunded, disputes } = facts;
  const disputed = sumLost(disputes);
  await postPurchase(tx, payment);
  const isChanged = await noteDisputes(tx, payment, disputes);
  await bringBack(tx, payment, { refunded, disputed });
  const back = refunded + disputed;
  const refundedAmount = Math.min(back, payment.amount);
  const message = "The payer's bank took the payment back.";
  await write(tx, payment, {
    ...readCommon(payment, facts),
    status: back >= payment.amount && back > 0 ? 'REFUNDED' : 'COMPLETED',
    refundedAmount,
    completedAt: payment.completedAt ?? new Date(tx.clock()),
    error: disputed > 0 ? { code: 'DISPUTED', message } : undefined,
  });
  return !isChanged && refundedAmount === payment.refundedAmount;
}

/** Whoever is to look again may be killed, or find Stripe out of reach: then the next poll does. */
async function noteRecheck(tx: Ctx, payment: PaymentDoc, isAll: boolean): Promise<void> {
  if (isAll && !payment.recheckAt) return;
  const recheckAt = new Date(tx.clock() + RECHECK);
  await Payment.collection.updateOne(
    { _id: payment._id },
    isAll ? { $unset: { recheckAt: '' } } : { $set: { recheckAt } },
    { session: tx.session as NonNullable<Ctx['session']> },
  );
}

/** Says what was paid other than what was asked for. */
function findMismatch(
  { amount, currency }: PaymentDoc,
  { received }: PaymentFacts,
): string | undefined {
  if (!received || (received.amount === amount && received.currency === currency)) return undefined;
  return `${amount} ${currency} were asked for, and ${received.amount} ${received.currency} were paid.`;
}

/** Nothing is credited for it before a person has looked; while all of it is given back, it has failed. */
function refuseMismatch(
  tx: Ctx,
  { _id, error: known }: PaymentDoc,
  { mismatch, received, refunded, disputes }: PaymentFacts & { mismatch: string },
): Values {
  const error = { code: 'AMOUNT_MISMATCH', message: mismatch };
  if (known?.code !== error.code) {
    tx.log.error('A payment is not what was asked for.', { payment: idText(_id), mismatch });
  }
  const isBack = received !== undefined && refunded + sumLost(disputes) >= received.amount;
  return { error, status: isBack ? 'FAILED' : 'PENDING' };
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

/** Writes what differs; nothing, and no audit entry, where nothing does. */
async function write(tx: Ctx, payment: PaymentDoc, values: Values): Promise<void> {
  const change = findChange(payment, values);
  if (change) await update(tx, Payment, { _id: payment._id }, change, 'settle');
}
