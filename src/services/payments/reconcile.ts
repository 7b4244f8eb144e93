import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, parseId } from '../../data/ids.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { insert } from '../../data/write.ts';
import { Dispute } from '../../models/billing/dispute.ts';
import { Payment } from '../../models/billing/payment.ts';
import { PaymentReport, type PaymentReportDoc } from '../../models/billing/payment-report.ts';
import { readCredits } from './booked-credits.ts';
import { DISPUTES, listCharges } from './charges.ts';
import {
  type BookedCharge,
  type BookedPayment,
  compareCharge,
  type Difference,
  isSettledDouble,
  nameDouble,
} from './compare.ts';
import {
  choosePeriod,
  findLastReport,
  MOST_DIFFERENCES,
  type Renamed,
  readNamed,
} from './last-report.ts';
import { PAGE } from './list-pages.ts';
import { listNews } from './news.ts';
import type { Period } from './period.ts';
import { findUnbooked, findUnseen } from './reconcile-ours.ts';

/** So many old disputes are asked for in a night: the oldest. */
const MOST_DISPUTES = 1000;

/**
 * Compares what Stripe has charged with the payments and the ledger here, and stores the report. Nothing is
 * mended by it: a difference is for a person to look at, and is named each night until both sides agree.
 */
export async function reconcilePayments(
  ctx: Ctx,
  asked?: Period,
): Promise<PaymentReportDoc | undefined> {
  if (!config.stripe) return undefined;
  const last = await findLastReport(ctx);
  const period = asked ?? choosePeriod(ctx, last);
  const named = await readNamed(ctx, last);
  const differences: Difference[] = [];
  const seen = new Map<string, string>();
  let charges = 0;
  const disputed = await findDisputed(ctx, period);
  const intents = new Set([...named.intents, ...disputed]);
  for await (const page of listCharges(period, { ...named, intents })) {
    const ours = await findOurs(ctx, page);
    for (const charge of page) {
      charges++;
      const booked = ours.get(charge.intentId);
      if (booked && isSettledDouble(charge, booked)) continue;
      differences.push(...compareCharge(charge, booked));
      if (!booked) continue;
      const key = idText(booked.payment._id);
      const first = seen.get(key);
      if (first) differences.push(nameDouble(charge, first, booked));
      else seen.set(key, charge.id);
    }
  }
  const payments = await findUnseen(ctx, period, { seen, named: named.payments }, differences);
  differences.push(...(await findUnbooked(ctx, period, named.invoices)));
  const lasting = await chooseLasting(differences, period, named);
  if (lasting.length > 0) {
    ctx.log.error('Payments differ from those at Stripe.', { differences: lasting.length });
  }
  return insert(ctx, PaymentReport, {
    ...period,
    ...{ charges, payments, differenceCount: lasting.length },
    differences: lasting.slice(0, MOST_DIFFERENCES),
  });
}

/** The PaymentIntents of which a dispute is open here that is too old to be among those that Stripe lists by time. */
async function findDisputed(ctx: Ctx, { to }: Period): Promise<string[]> {
  const old = { status: 'OPEN', openedAt: { $lt: new Date(to.getTime() - DISPUTES) } };
  const options = {
    sort: { openedAt: 1 },
    limit: MOST_DISPUTES,
    projection: { payment: 1 },
  } as const;
  const _id = { $in: (await findMany(ctx, Dispute, old, options)).map(({ payment }) => payment) };
  const payments = await findMany(ctx, Payment, { _id }, { ...WHOLE, limit: MOST_DISPUTES });
  return payments.flatMap(({ intentId }) => intentId ?? []);
}

/**
 * Leaves what something has happened to since the end of the period to the next night, for word of it may be on its
 * way: unless it differed in the last one, too. That comes first, so that it is named also where there is no room for
 * all.
 */
async function chooseLasting(
  differences: Difference[],
  { to }: Period,
  named: Renamed,
): Promise<Difference[]> {
  if (differences.length === 0) return [];
  const [before, fresh] = [true, false].map((was) =>
    differences.filter((one) => isNamed(one, named) === was),
  ) as [Difference[], Difference[]];
  const news = await listNews(to);
  return [...before, ...fresh.filter(({ providerId = '' }) => !news.has(providerId))];
}

function isNamed({ payment, providerId = '' }: Difference, named: Renamed): boolean {
  const isOf = named.payments.some(({ _id }) => payment?.equals(_id));
  return isOf || named.charges.has(providerId) || named.invoices.has(providerId);
}

/** What we have of charges, by their PaymentIntents; of one that we do not know by our mark on it. */
async function findOurs(ctx: Ctx, page: BookedCharge[]): Promise<Map<string, BookedPayment>> {
  const marks = page.map(({ mark }) => parseId(mark)).filter((id) => id !== undefined);
  const intents = page.map(({ intentId }) => intentId);
  const either = { $or: [{ intentId: { $in: intents } }, { _id: { $in: marks } }] };
  const payments = await findMany(ctx, Payment, either, { ...WHOLE, limit: 2 * PAGE });
  const ids = payments.map(({ _id }) => _id);
  const [credits, disputes] = await Promise.all([
    readCredits(ctx, ids),
    findMany(ctx, Dispute, { payment: { $in: ids } }, { ...WHOLE, limit: 10 * PAGE }),
  ]);
  const found = new Map<string, BookedPayment>();
  for (const { intentId, mark } of page) {
    const payment = payments.find((p) => p.intentId === intentId || idText(p._id) === mark);
    if (!payment) continue;
    found.set(intentId, {
      payment,
      booked: credits(payment._id),
      disputes: disputes.filter((one) => one.payment.equals(payment._id)),
    });
  }
  return found;
}
