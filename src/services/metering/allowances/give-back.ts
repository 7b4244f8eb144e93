import type { Ctx } from '../../../context.ts';
import { databaseTime } from '../../../data/database-time.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import type { Usage } from '../../../data/usage.ts';
import { UNHURRIED } from '../../../data/write-concern.ts';
import { gather } from '../../../gather.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';
import { addUp, listMetrics } from './count-together.ts';
import { PERIODS } from './limits.ts';

/** What is given back, of what has been counted at that time. */
interface Return {
  ctx: Ctx;
  user: UUID;
  usage: Usage;
  since: Date;
}

/**
 * Takes from the counts what is there no longer, or has not come to be.
 * @param since when it was counted: in a month or day that is over it is forgotten
 */
export async function giveBack(ctx: Ctx, user: UUID, usage: Usage, since?: Date): Promise<void> {
  if (listMetrics(usage).length === 0) return;
  const now = { ctx, user, usage, since: new Date(ctx.clock()) };
  // What was counted just now, many often give back at once, since they were refused something else.
  if (since) await returnAll([{ ...now, since }]);
  else await returnNow(now);
}

const returnNow = gather(async (some: Return[]) => {
  const groups = [...Map.groupBy(some, ({ user }) => idText(user)).values()];
  await returnAll(groups.map((group) => ({ ...(group[0] as Return), usage: addUp(group) })));
  return some.map(() => undefined);
});

async function returnAll(some: Return[]): Promise<void> {
  const updates = some.map((one) => ({
    updateOne: { filter: { _id: one.user }, update: [{ $set: makeReturn(one) }] },
  }));
  await AllowanceCounter.collection.bulkWrite(updates, { ...UNHURRIED, ordered: false });
}

function makeReturn({ ctx, usage, since }: Return) {
  const less = listMetrics(usage).map((metric) => {
    const rest = { $max: [0, { $subtract: [`$${metric}`, usage[metric]] }] };
    const period = PERIODS[metric];
    const isOver = { $gt: [`$${period}`, since] };
    return [metric, period ? { $cond: [isOver, `$${metric}`, rest] } : rest];
  });
  return { ...Object.fromEntries(less), updatedAt: databaseTime(ctx) };
}
