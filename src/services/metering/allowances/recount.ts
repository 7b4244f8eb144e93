import type { Ctx } from '../../../context.ts';
import { entities } from '../../../data/entity.ts';
import { idText, listDistinct, type UUID } from '../../../data/ids.ts';
import { aggregate, findMany } from '../../../data/read.ts';
import { METRICS, type Metric, type Usage } from '../../../data/usage.ts';
import { User } from '../../../models/account/user.ts';
import { Job, OPEN_STATUSES } from '../../../models/jobs/job.ts';
import {
  AllowanceCounter,
  type AllowanceCounterDoc,
} from '../../../models/metering/allowance-counter.ts';
import { addUp } from './count-together.ts';
import { addUsage } from './counter.ts';

/** How many accounts are recounted at once. */
const BATCH = 500;

/** What can be recounted: nothing is stored of some renders, and credits of a day are only a brake. */
const RECOUNTED = METRICS.filter((metric) => metric !== 'renders' && metric !== 'credits');

/** An account whose counter says something else than there is. */
export interface Miscounted {
  user: UUID;
  metric: Metric;
  stored: number;
  /** By how much the counter is too high. */
  off: number;
}

/**
 * Recounts what all accounts have, and puts their counters right. What is only being counted at the moment is
 * off for that moment: so only what is still off by as much at the end is corrected.
 * @returns how many counts were wrong
 */
export async function recountAllowances(ctx: Ctx, isLate: () => boolean): Promise<number> {
  const suspects: Miscounted[] = [];
  for (let after: UUID | undefined; !isLate(); ) {
    const filter = after ? { _id: { $gt: after } } : {};
    const options = { projection: { _id: 1 }, sort: { _id: 1 }, limit: BATCH } as const;
    const users = (await findMany(ctx, User, filter, options)).map(({ _id }) => _id);
    suspects.push(...(await compare(ctx, users)));
    after = users.at(-1);
    if (!after || users.length < BATCH) break;
  }
  return correct(ctx, suspects);
}

/** Recounts some accounts; what is off now, and was already off by as much before, is put right. */
async function correct(ctx: Ctx, before: Miscounted[]): Promise<number> {
  let corrected = 0;
  for (let i = 0; i < before.length; i += BATCH) {
    const some = before.slice(i, i + BATCH);
    const users = listDistinct(some.map(({ user }) => user));
    for (const now of await compare(ctx, users)) {
      const was = some.find(({ user, metric }) => user.equals(now.user) && metric === now.metric);
      if (was && isSame(was.off, now.off)) corrected += await putRight(ctx, now);
    }
  }
  if (corrected > 0) ctx.log.warn('Counters of allowances were wrong.', { corrected });
  return corrected;
}

/** Whoever counts at the same moment is not overruled: the count must be the one that was looked at. */
export async function putRight(
  ctx: Ctx,
  { user, metric, stored, off }: Miscounted,
): Promise<number> {
  const right = Math.max(0, stored - off);
  const { modifiedCount } = await AllowanceCounter.collection.updateOne(
    { _id: user, [metric]: stored },
    { $set: { [metric]: right } },
  );
  if (modifiedCount > 0 || stored > 0) return modifiedCount;
  // It has no counter yet.
  await addUsage(ctx, user, { [metric]: right });
  return 1;
}

/** What the counters of these users say, and what there is. */
export async function compare(ctx: Ctx, users: UUID[]): Promise<Miscounted[]> {
  if (users.length === 0) return [];
  const counters = await findMany(
    ctx,
    AllowanceCounter,
    { _id: { $in: users } },
    { projection: Object.fromEntries([...METRICS, 'month'].map((m) => [m, 1])), limit: BATCH },
  );
  const stored = new Map(counters.map((counter) => [idText(counter._id), counter]));
  const there = await addUpDocuments(ctx, users);
  for (const [key, counter] of stored) await addMinutes(ctx, counter, key, there);
  return users.flatMap((user) => {
    const key = idText(user);
    const counter = stored.get(key);
    const usage = there.get(key) ?? {};
    return RECOUNTED.flatMap((metric) => {
      const known = counter?.[metric] ?? 0;
      const off = known - (usage[metric] ?? 0);
      return isSame(off, 0) ? [] : [{ user, metric, stored: known, off }];
    });
  });
}

/** Sums up what the documents of these users take, of each entity by one aggregation. */
async function addUpDocuments(ctx: Ctx, users: UUID[]): Promise<Map<string, Usage>> {
  const there = new Map<string, Usage>();
  for (const entity of entities.values()) {
    const { usage } = entity.options;
    if (!usage) continue;
    const sums = Object.entries(usage.sums).map(([metric, sum]) => [metric, { $sum: sum }]);
    const group = { _id: '$user', ...Object.fromEntries(sums) };
    // Of jobs only those that have not ended: an index finds them.
    const open = entity.name === Job.name && { status: { $in: OPEN_STATUSES } };
    const pipeline = [{ $match: { user: { $in: users }, ...open } }, { $group: group }];
    for (const { _id, ...usage } of await aggregate<{ _id: UUID } & Usage>(ctx, entity, pipeline)) {
      add(there, idText(_id), usage);
    }
  }
  return there;
}

/** The minutes of the counter's month stand in its jobs. */
async function addMinutes(
  ctx: Ctx,
  { _id: user, month }: AllowanceCounterDoc,
  key: string,
  there: Map<string, Usage>,
): Promise<void> {
  const [sum] = await aggregate<{ _id: null; minutes: number }>(ctx, Job, [
    { $match: { user, createdAt: { $gte: month } } },
    { $group: { _id: null, minutes: { $sum: '$minutes' } } },
  ]);
  if (sum) add(there, key, { minutes: sum.minutes });
}

function add(there: Map<string, Usage>, key: string, usage: Usage): void {
  there.set(key, addUp([{ usage: there.get(key) ?? {} }, { usage }]));
}

/** Minutes are fractions, whose sums differ in their last digits. */
export function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) < 1e-6;
}
