import type { Metric } from '../../../data/usage.ts';
import { AppError } from '../../../errors.ts';
import type { AllowanceCounterDoc } from '../../../models/metering/allowance-counter.ts';
import { endOf } from '../periods.ts';
import { type Limited, limitOf, PERIODS } from './limits.ts';

const NAMES: Record<Metric, string> = {
  bytes: 'bytes',
  documents: 'projects and media',
  uploads: 'uploads at once',
  jobs: 'jobs at once',
  minutes: 'minutes a month',
  renders: 'renders a month',
  credits: 'credits a day',
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
  const renewsAt = findRenewal(counter, metric);
  const when = renewsAt ? ` There will be more at ${renewsAt.toISOString()}.` : '';
  const message = `This takes ${roundTo(wanted)} of the ${NAMES[metric]}; ${left} of ${limit} are left.${when}`;
  return new AppError('ALLOWANCE_EXCEEDED', message, {
    ...(renewsAt && { retryAfter: Math.max(1, (renewsAt.getTime() - now) / 1000) }),
    allowance: {
      ...{ metric: metric.toUpperCase(), limit, used, left },
      renewsAt: renewsAt?.toISOString() ?? null,
    },
  });
}

/** When the month or day is over that something is counted in; undefined of what is not. */
export function findRenewal(
  { month, day }: Pick<AllowanceCounterDoc, 'month' | 'day'>,
  metric: Limited,
): Date | undefined {
  const period = metric === 'calls' ? undefined : PERIODS[metric];
  if (!period) return undefined;
  return period === 'day' ? endOf('DAY', day) : endOf('MONTH', month);
}

/** Minutes are fractions: to the second or so. */
export function roundTo(value: number): number {
  return Math.round(value * 100) / 100;
}
