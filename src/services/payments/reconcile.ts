import type Stripe from 'stripe';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, parseId } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { insert } from '../../data/write.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import { Dispute } from '../../models/billing/dispute.ts';
import { Payment } from '../../models/billing/payment.ts';
import { PaymentReport, type PaymentReportDoc } from '../../models/billing/payment-report.ts';
import {
  type BookedCharge,
  type BookedPayment,
  compareCharge,
  type Difference,
  nameDouble,
} from './compare.ts';
import { fromStripeAmount } from './currency.ts';
import { type Period, toCreated } from './period.ts';
import { readId } from './read-id.ts';
import { findUnbooked, findUnseen } from './reconcile-ours.ts';
import { callStripe } from './stripe.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const PAGE = 100;
/** The most differences that a report holds. */
const MOST = 500;

/** The last three days, but for the last hour, in which news may be on its way. */
function choosePeriod(ctx: Ctx): Period {
  const now = ctx.clock();
  return { from: new Date(now - 3 * DAY), to: new Date(now - HOUR) };
}

/**
 * Compares what Stripe has charged with the payments and the ledger here, and stores the report. Nothing is
 * mended by it: a difference is for a person to look at.
 */
export async function reconcilePayments(
  ctx: Ctx,
  period = choosePeriod(ctx),
): Promise<PaymentReportDoc | undefined> {
  if (!config.stripe) return undefined;
  const differences: Difference[] = [];
  const seen = new Map<string, string>();
  let charges = 0;
  for await (const page of listCharges(period)) {
    const ours = await findOurs(ctx, page);
    for (const charge of page) {
      charges++;
      const booked = ours.get(charge.intentId);
      differences.push(...compareCharge(charge, booked));
      if (!booked) continue;
      const key = idText(booked.payment._id);
      const first = seen.get(key);
      if (first) differences.push(nameDouble(charge, first, booked));
      else seen.set(key, charge.id);
    }
  }
  const payments = await findUnseen(ctx, period, seen, differences);
  differences.push(...(await findUnbooked(ctx, period)));
  if (differences.length > 0) {
    ctx.log.error('Payments differ from those at Stripe.', { differences: differences.length });
  }
  return insert(ctx, PaymentReport, {
    ...period,
    ...{ charges, payments, differenceCount: differences.length },
    differences: differences.slice(0, MOST),
  });
}

/** Pages of the charges of a period that succeeded. */
async function* listCharges(period: Period): AsyncGenerator<BookedCharge[]> {
  const created = toCreated(period);
  let after: string | undefined;
  do {
    const page = await callStripe((stripe) =>
      stripe.charges.list({ created, limit: PAGE, ...(after && { starting_after: after }) }),
    );
    yield page.data.filter(({ status }) => status === 'succeeded').map(readCharge);
    after = page.has_more ? page.data.at(-1)?.id : undefined;
  } while (after);
}

function readCharge(charge: Stripe.Charge): BookedCharge {
  const { id, payment_intent, metadata, amount, amount_refunded, currency } = charge;
  return {
    ...{ id, intentId: readId(payment_intent) ?? '', currency: currency.toUpperCase() },
    ...(metadata.payment && { mark: metadata.payment }),
    amount: fromStripeAmount(amount, currency),
    amountRefunded: fromStripeAmount(amount_refunded, currency),
  };
}

/** What we have of charges, by their PaymentIntents; of one that we do not know by our mark on it. */
async function findOurs(ctx: Ctx, page: BookedCharge[]): Promise<Map<string, BookedPayment>> {
  const marks = page.map(({ mark }) => parseId(mark)).filter((id) => id !== undefined);
  const intents = page.map(({ intentId }) => intentId);
  const either = { $or: [{ intentId: { $in: intents } }, { _id: { $in: marks } }] };
  const payments = await findMany(ctx, Payment, either, { ...WHOLE, limit: 2 * PAGE });
  const ids = payments.map(({ _id }) => _id);
  const keys = ids.map((id) => `payment:${idText(id)}`);
  const options = { ...WHOLE, limit: 10 * PAGE };
  const [entries, disputes] = await Promise.all([
    findMany(ctx, CreditsTransaction, { key: { $in: keys } }, options),
    findMany(ctx, Dispute, { payment: { $in: ids } }, options),
  ]);
  const entryOf = new Map(entries.map((one) => [one.key, one]));
  const found = new Map<string, BookedPayment>();
  for (const { intentId, mark } of page) {
    const payment = payments.find((p) => p.intentId === intentId || idText(p._id) === mark);
    if (!payment) continue;
    found.set(intentId, {
      payment,
      entry: entryOf.get(`payment:${idText(payment._id)}`),
      disputes: disputes.filter((one) => one.payment.equals(payment._id)),
    });
  }
  return found;
}
