import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { Stat } from '../../models/metering/stat.ts';
import { readTime } from './derive-facts.ts';
import { addFact, type Totals } from './fold.ts';
import type { Amount } from './insert-facts.ts';
import { ACTIVITY } from './metrics.ts';
import { type Period, startOf } from './periods.ts';

/**
 * Counts who was active in an hour, in its day and in its month, each once; in a month also by the month in which
 * they registered, which their ids tell.
 */
export async function countActive(ctx: Ctx, hour: Date): Promise<[Period, Totals][]> {
  const all: [Period, Totals][] = [];
  for (const period of ['HOUR', 'DAY', 'MONTH'] as const) {
    const at = startOf(period, hour);
    const totals: Totals = new Map();
    const cohorts = await countCohorts(ctx, period, at);
    const amount = [...cohorts.values()].reduce((sum, count) => sum + count, 0);
    const active: Amount = { metric: 'users.active', amount };
    const retained = [...cohorts].map(([registered, count]): Amount => {
      return { metric: 'users.retained', amount: count, dimensions: { registered } };
    });
    const amounts = period === 'MONTH' ? [active, ...retained] : [active];
    if (amount > 0) {
      const said = amounts.map((one) => ({ ...one, dimensions: one.dimensions ?? {} }));
      addFact(totals, { at }, { amounts: said } as Parameters<typeof addFact>[2]);
    }
    all.push([period, totals]);
  }
  return all;
}

/** Active users by the month in which they registered: `2026-11`. */
async function countCohorts(ctx: Ctx, period: Period, at: Date): Promise<Map<string, number>> {
  const users = Stat.collection.aggregate<{ _id: UUID }>(
    [
      { $match: { period, at, metric: { $in: ACTIVITY }, user: { $exists: true } } },
      { $group: { _id: '$user' } },
    ],
    {
      hint: { period: 1, at: 1, metric: 1, user: 1 },
      ...(ctx.session && { session: ctx.session }),
    },
  );
  const cohorts = new Map<string, number>();
  for await (const { _id } of users) {
    const registered = new Date(readTime(_id)).toISOString().slice(0, 7);
    cohorts.set(registered, (cohorts.get(registered) ?? 0) + 1);
  }
  return cohorts;
}
