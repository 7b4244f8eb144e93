import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findMany } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Stat } from '../../models/metering/stat.ts';
import { loadHistograms, readPercentiles } from './digest.ts';
import { addStat, type Total, type Totals } from './fold.ts';
import { HOUR } from './periods.ts';

/** How far a time zone is from UTC at most, in ms. */
const FARTHEST = 14 * HOUR;
/** The most hours, of all dimensions, that are added up. */
const MOST_HOURS = 20_000;

/** A day of a time zone. */
export interface DaySum extends Pick<Total, 'dimensions' | 'count' | 'sum' | 'min' | 'max'> {
  /** `2026-11-29` */
  date: string;
  p50?: number;
  p95?: number;
}

/** Which days are asked for. */
export interface AskedDays {
  metric: string;
  timeZone: string;
  /** The first day, and the day after the last, as midnights of UTC. */
  from: Date;
  to: Date;
}

/**
 * Adds up the hours of a metric to days of a time zone, percentiles, too. An hour belongs to the day that it begins
 * in, where the zone is not a whole number of hours from UTC. @throws AppError INVALID_QUERY
 */
export async function sumDays(
  ctx: Ctx,
  whose: TypedFilter,
  { metric, timeZone, from, to }: AskedDays,
): Promise<DaySum[]> {
  await loadHistograms();
  const span = { $gte: new Date(+from - FARTHEST), $lt: new Date(+to + FARTHEST) };
  const filter = { ...whose, metric, period: 'HOUR', at: span };
  const hours = await findMany(ctx, Stat, filter, {
    projection: { at: 1, metric: 1, dimensions: 1, count: 1, sum: 1, min: 1, max: 1, digest: 1 },
    sort: { at: 1, _id: 1 },
    hint: { user: 1, metric: 1, period: 1, at: -1, _id: -1 },
    limit: MOST_HOURS + 1,
  });
  if (hours.length > MOST_HOURS) {
    throw new AppError('INVALID_QUERY', 'from, to: these days have too many values; ask for fewer');
  }
  const dateOf = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const totals: Totals = new Map();
  for (const hour of hours) {
    const date = new Date(`${dateOf.format(hour.at)}T00:00:00Z`);
    if (date >= from && date < to) addStat(totals, { at: date }, hour);
  }
  return [...totals.values()].sort((a, b) => +a.at - +b.at).map(showDay);
}

function showDay({ at, dimensions, count, sum, min, max, digest }: Total): DaySum {
  const values = { dimensions, count, sum, min, max };
  const date = at.toISOString().slice(0, 10);
  return { date, ...values, ...(digest && readPercentiles(digest, values)) };
}
