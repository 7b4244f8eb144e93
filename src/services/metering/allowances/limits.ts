import { config } from '../../../config.ts';
import { METRICS, type Metric } from '../../../data/usage.ts';
import type { AllowanceCounterDoc } from '../../../models/metering/allowance-counter.ts';

/** Those that are counted anew each month or day; the others say what an account has at the moment. */
export const PERIODS: Partial<Record<Metric, 'month' | 'day'>> = {
  minutes: 'month',
  renders: 'month',
  credits: 'day',
};

/** What can be limited: calls a minute are counted by each process, beside the database. */
export type Limited = Metric | 'calls';
export const LIMITED: readonly Limited[] = [...METRICS, 'calls'];

type Account = Pick<AllowanceCounterDoc, 'plan' | 'paidPlan' | 'limits'>;

/** The plan of an account: what an administrator gave it, or it pays for; else the first of the configuration. */
export function planOf({ plan, paidPlan }: Account): string {
  const own = plan ?? paidPlan;
  return own && own in config.plans ? own : (Object.keys(config.plans)[0] as string);
}

/** How much of something an account may have. */
export function limitOf(account: Account, what: Limited): number {
  return account.limits?.[what] ?? (config.plans[planOf(account)]?.[what] as number);
}

/** What every plan allows. */
export function leastLimit(metric: Metric): number {
  return Math.min(...Object.values(config.plans).map((plan) => plan[metric]));
}

/** How much an account may have, as an expression of MongoDB, on the counter of the account. */
export function limitExpression(metric: Metric) {
  const [[, first] = ['', {}], ...others] = Object.entries(config.plans);
  const usual = (first as Record<Metric, number>)[metric];
  const branches = others.map(([name, plan]) => ({
    case: { $eq: [{ $ifNull: ['$plan', '$paidPlan'] }, name] },
    // biome-ignore lint/suspicious/noThenProperty: so MongoDB calls it.
    then: plan[metric],
  }));
  const ofPlan = branches.length > 0 ? { $switch: { branches, default: usual } } : usual;
  return { $ifNull: [`$limits.${metric}`, ofPlan] };
}
