import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { renewCounter } from './counter.ts';
import { LIMITED, type Limited, limitOf, planOf } from './limits.ts';
import { findRenewal, roundTo } from './refuse.ts';

/** One allowance of an account. */
interface AllowanceView {
  metric: string;
  limit: number;
  /** None of calls, which are counted minute by minute and forgotten. */
  used: number | null;
  left: number | null;
  /** When it is counted anew; null of what an account has at the moment. */
  renewsAt: string | null;
}

export interface AllowancesView {
  plan: string;
  data: AllowanceView[];
}

/** What an account may have and use, how much of it there is left, and when there will be more. */
export async function viewAllowances(ctx: Ctx, user: UUID): Promise<AllowancesView> {
  const counter = await renewCounter(ctx, user);
  const show = (metric: Limited): AllowanceView => {
    const limit = limitOf(counter, metric);
    const shown = { metric: metric.toUpperCase(), limit };
    if (metric === 'calls') return { ...shown, used: null, left: null, renewsAt: null };
    const used = roundTo(counter[metric]);
    const left = Math.max(0, roundTo(limit - used));
    const renewsAt = findRenewal(counter, metric)?.toISOString() ?? null;
    return { ...shown, used, left, renewsAt };
  };
  return { plan: planOf(counter), data: LIMITED.map(show) };
}
