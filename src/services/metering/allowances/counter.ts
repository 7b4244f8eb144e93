import type { Ctx } from '../../../context.ts';
import { databaseTime, LONG_AGO, upsertCommon } from '../../../data/database-time.ts';
import { retryDuplicate } from '../../../data/failures.ts';
import type { UUID } from '../../../data/ids.ts';
import { METRICS, type Metric, type Usage } from '../../../data/usage.ts';
import { UNHURRIED } from '../../../data/write-concern.ts';
import {
  AllowanceCounter,
  type AllowanceCounterDoc,
} from '../../../models/metering/allowance-counter.ts';
import { startOf } from '../periods.ts';
import { createCount, listMetrics } from './count-together.ts';
import { leastLimit, limitExpression, limitOf, PERIODS } from './limits.ts';
import { refuse } from './refuse.ts';

// Whatever an account has or uses is counted in one document, before it happens, by one update whose filter
// holds the limits: of many at once, as many pass as there is room for. What is not counted for a crash, or
// counted in vain, is put right at night; so a count need not be journaled before the client gets its answer.

/** How often the counter is looked at again that others change meanwhile. */
const TRIES = 20;

/**
 * Counts what is about to be made or used, if the account may have it.
 * @throws AppError ALLOWANCE_EXCEEDED, saying what is left and when there will be more
 */
export async function takeAllowance(ctx: Ctx, user: UUID, usage: Usage): Promise<void> {
  if (await countPlenty(ctx, user, usage)) return;
  for (let i = 0; i < TRIES; i++) {
    if (await count(ctx, user, usage, true)) return;
    const counter = await renewCounter(ctx, user);
    const over = listMetrics(usage).find(
      (metric) => counter[metric] + (usage[metric] as number) > limitOf(counter, metric),
    );
    if (over) {
      await noteRefusal(ctx, user, over);
      throw refuse(counter, over, usage[over] as number, ctx.clock());
    }
  }
  throw new Error('An allowance could not be counted: its counter kept changing.');
}

/** Counts what has been made or used already, or must be, however much there is. */
export async function addUsage(ctx: Ctx, user: UUID, usage: Usage): Promise<void> {
  if (await count(ctx, user, usage, false)) return;
  await renewCounter(ctx, user);
  await count(ctx, user, usage, false);
}

/** Those with guards of one kind are counted together. */
const [withPlenty, withLimits, anyhow] = [createCount(), createCount(), createCount()];

/**
 * Counts for an account that has plenty left of everything, as nearly all have: less than the smallest plan allows,
 * and no limits of its own. MongoDB reads this filter in half the time of the exact one. The host's clock will do for
 * the periods: where it is of another one, as around midnight, the exact filter decides.
 */
async function countPlenty(ctx: Ctx, user: UUID, usage: Usage): Promise<boolean> {
  const now = new Date(ctx.clock());
  const begins = { day: startOf('DAY', now), month: startOf('MONTH', now) };
  const makeGuards = (all: Usage) => ({
    limits: null,
    ...Object.fromEntries(
      listMetrics(all).map((metric) => [metric, { $lte: leastLimit(metric) - (all[metric] ?? 0) }]),
    ),
    ...Object.fromEntries(listPeriods(all).map((period) => [period, begins[period]])),
  });
  return withPlenty({ user, usage, makeGuards });
}

/**
 * Counts by one update; false where the account has no counter, or one of a time before, or, `isLimited`, less left
 * than that.
 */
async function count(ctx: Ctx, user: UUID, usage: Usage, isLimited: boolean): Promise<boolean> {
  const makeGuards = (all: Usage) => {
    const rooms = listMetrics(all).map((metric) => hasRoom(metric, all[metric] as number));
    const periods = listPeriods(all).map((period) => isNow(ctx, period));
    const guards = isLimited ? [...rooms, ...periods] : periods;
    // Without an expression the counter is found by its id alone, which needs no plan.
    return guards.length > 0 ? { $expr: { $and: guards } } : {};
  };
  return (isLimited ? withLimits : anyhow)({ user, usage, makeGuards });
}

function hasRoom(metric: Metric, amount: number) {
  return { $lte: [{ $add: [`$${metric}`, amount] }, limitExpression(metric)] };
}

function listPeriods(usage: Usage): Period[] {
  const periods = listMetrics(usage).map((metric) => PERIODS[metric]);
  return [...new Set(periods.filter((period) => period !== undefined))];
}

/** Makes the counter of an account, where there is none, and begins the periods, where others are over. */
export async function renewCounter(ctx: Ctx, user: UUID): Promise<AllowanceCounterDoc> {
  const isOver = (period: Period) => ({
    $lt: [{ $ifNull: [`$${period}`, LONG_AGO] }, beginOf(ctx, period)],
  });
  const counts = METRICS.map((metric) => {
    const known = { $ifNull: [`$${metric}`, 0] };
    const period = PERIODS[metric];
    return [metric, period ? { $cond: [isOver(period), 0, known] } : known];
  });
  const begins = (['month', 'day'] as const).map((period) => [
    period,
    { $cond: [isOver(period), beginOf(ctx, period), `$${period}`] },
  ]);
  const values = { ...Object.fromEntries(counts), ...Object.fromEntries(begins), user };
  const found = await retryDuplicate(() =>
    AllowanceCounter.collection.findOneAndUpdate(
      { _id: user },
      [{ $set: { ...upsertCommon(ctx, user), ...values } }],
      { upsert: true, returnDocument: 'after' },
    ),
  );
  return found as AllowanceCounterDoc; // it is made where there was none
}

/** The counter was in the way: what a crash has left in it is looked for soon, and a cap is told. */
async function noteRefusal(ctx: Ctx, user: UUID, metric: Metric): Promise<void> {
  const now = databaseTime(ctx);
  const first = (path: string) => ({ [path]: { $ifNull: [`$${path}`, now] } });
  const set = { ...first('refusedAt'), ...(metric === 'credits' && first('cappedAt')) };
  await AllowanceCounter.collection.updateOne({ _id: user }, [{ $set: set }], UNHURRIED);
}

type Period = 'month' | 'day';

/** When the month or day began, by the database's clock, in UTC. */
function beginOf(ctx: Ctx, unit: Period) {
  return { $dateTrunc: { date: databaseTime(ctx), unit } };
}

function isNow(ctx: Ctx, period: Period) {
  return { $eq: [`$${period}`, beginOf(ctx, period)] };
}
