import type { Metric } from '../../../data/usage.ts';
import { AppError } from '../../../errors.ts';
import type { AllowanceCounterDoc } from '../../../models/metering/allowance-counter.ts';
import { limitOf, MONTHLY } from './limits.ts';

const NAMES: Record<Metric, string> = {
  bytes: 'bytes',
  documents: 'projects and media',
  uploads: 'uploads at once',
  jobs: 'jobs at once',
  minutes: 'minutes a month',
  renders: 'renders a month',
};

/** The refusal of what an account may not have, with what is left, and when there will be more. */
export function refuse(
  counter: AllowanceCounterDoc,
  metric: Metric,
  wanted: number,
  now: number,
): AppError {
  const limit = limitOf(counter, metric);
  const used = roundTo(counter[metric]);
  const left = Math.max(0, roundTo(limit - used));
  const renewsAt = MONTHLY.includes(metric) ? findRenewal(counter.month) : undefined;
  const when = renewsAt ? ` The month ends at ${renewsAt.toISOString()}.` : '';
  const message = `This takes ${roundTo(wanted)} of the ${NAMES[metric]}; ${left} of ${limit} are left.${when}`;
  return new AppError('ALLOWANCE_EXCEEDED', message, {
    ...(renewsAt && { retryAfter: Math.max(1, (renewsAt.getTime() - now) / 1000) }),
    allowance: {
      ...{ metric: metric.toUpperCase(), limit, used, left },
      renewsAt: renewsAt?.toISOString() ?? null,
    },
  });
}

/** When a month that began then is over. */
export function findRenewal(month: Date): Date {
  return new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1));
}

/** Minutes are fractions: to the second or so. */
export function roundTo(value: number): number {
  return Math.round(value * 100) / 100;
}
