import type { Ctx } from '../../context.ts';
import { findMany, WHOLE } from '../../data/read.ts';
import { Payment, type PaymentDoc } from '../../models/billing/payment.ts';
import { PaymentReport, type PaymentReportDoc } from '../../models/billing/payment-report.ts';
import type { Period } from './period.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** The most differences that a report holds. */
export const MOST_DIFFERENCES = 500;

/** What an earlier report has named, and is looked at again until it agrees. */
export interface Renamed {
  payments: PaymentDoc[];
  charges: Set<string>;
  intents: Set<string>;
  invoices: Set<string>;
}

export async function findLastReport(ctx: Ctx): Promise<PaymentReportDoc | undefined> {
  const newest = { ...WHOLE, sort: { createdAt: -1, _id: -1 }, limit: 1 } as const;
  return (await findMany(ctx, PaymentReport, {}, newest))[0];
}

/**
 * The last three days, but for the last hour, in which news may be on its way. It begins earlier where the last
 * report ended earlier; and with that report's own, where it had room for a part of the differences alone.
 */
export function choosePeriod(ctx: Ctx, last: PaymentReportDoc | undefined): Period {
  const now = ctx.clock();
  const isWhole = (last?.differenceCount ?? 0) <= MOST_DIFFERENCES;
  const since = (isWhole ? last?.to : last?.from)?.getTime() ?? now;
  return { from: new Date(Math.min(now - 3 * DAY, since)), to: new Date(now - HOUR) };
}

/** Reads what the last report has named: payments as they are now, and what is to be asked of Stripe. */
export async function readNamed(ctx: Ctx, last: PaymentReportDoc | undefined): Promise<Renamed> {
  const differences = last?.differences ?? [];
  const ids = differences.flatMap(({ payment }) => payment ?? []);
  const options = { ...WHOLE, limit: MOST_DIFFERENCES };
  const payments = await findMany(ctx, Payment, { _id: { $in: ids } }, options);
  const named = differences.flatMap(({ providerId }) => providerId ?? []);
  return {
    payments,
    // Those of cards are `ch_…`, those of debits `py_…`.
    charges: new Set(named.filter((id) => !/^(in|pi)_/.test(id))),
    intents: new Set(payments.flatMap(({ intentId }) => intentId ?? [])),
    invoices: new Set(named.filter((id) => id.startsWith('in_'))),
  };
}
