import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { databaseTime, isPastOrMissing, LONG_AGO } from '../../data/database-time.ts';
import { isDuplicate } from '../../data/failures.ts';
import { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import { SpendingControl, type SpendingControlDoc } from '../../models/billing/spending-control.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import type { Credits } from './accounts.ts';

// What all accounts together spend in an hour has a cap, against mistakes of ours. A number that every spend
// changes would make all of them wait for each other: so the holds of the hour are added up now and then, and
// each process adds what it has let through since. The cap is exceeded by no more than what all processes
// together let through in that time.

const CONTROL = new UUID('00000000-0000-7000-8000-000000000010');
const HOUR = 3_600_000;
/** How long a process believes what it has read, in ms. */
const CACHED = 3000;
/** How long a sum counts before it is added up anew, in ms. */
const MEASURED = 10_000;

interface Known {
  since: Moment;
  control: SpendingControlDoc;
  /** What this process has let through since. */
  own: Credits;
}

let known: Known | undefined;

/** Has what was changed here be seen here at once. */
export function forgetSpending(): void {
  known = undefined;
}

/**
 * Refuses paid work while it is stopped, or has cost as much as it may in an hour; else counts it.
 * @throws AppError PAID_WORK_STOPPED
 */
export async function admitSpending(ctx: Ctx, amount: Credits): Promise<void> {
  const { control, own } = await readKnown({ ...ctx, session: undefined });
  if (control.isStopped) {
    const message = 'Paid work is stopped for the moment.';
    throw new AppError('PAID_WORK_STOPPED', message, { retryAfter: 60 });
  }
  if (control.spent + own + amount > config.creditsPerHour) {
    const message = 'All paid work of this hour is used up: try again in the next one.';
    throw new AppError('PAID_WORK_STOPPED', message, { retryAfter: HOUR / 1000 });
  }
  if (known) known.own += amount;
}

/** What is known of paid work. Where that is old, one request looks, and the others go by it meanwhile. */
async function readKnown(ctx: Ctx): Promise<Known> {
  if (known && isWithin(known.since, CACHED)) return known;
  const since = markMoment();
  if (known) known.since = since;
  try {
    known = { since, control: await measureSpending(ctx), own: 0 };
  } catch (error) {
    known = undefined;
    throw error;
  }
  return known;
}

/** The state of paid work, with what this hour has cost; added up anew where that is some seconds ago. */
export async function measureSpending(ctx: Ctx, maxAge = MEASURED): Promise<SpendingControlDoc> {
  const hour = { $dateTrunc: { date: databaseTime(ctx), unit: 'hour' } };
  const isOver = { $lt: [{ $ifNull: ['$hour', LONG_AGO] }, hour] };
  const isOld = { $or: [isOver, isPastOrMissing(ctx, 'measuredAt', maxAge)] };
  const spent = { $cond: [isOver, 0, '$spent'] };
  // Of all processes one adds up; the others read the sum before.
  const mine = await SpendingControl.collection.findOneAndUpdate(
    { _id: CONTROL, $expr: isOld },
    [{ $set: { hour, spent, measuredAt: databaseTime(ctx) } }],
    { returnDocument: 'after' },
  );
  if (!mine) {
    const found = await findOne(ctx, SpendingControl, { _id: CONTROL }, WHOLE);
    if (found) return found;
    await makeControl(ctx);
    return measureSpending(ctx, maxAge);
  }
  const control = mine as SpendingControlDoc;
  const sum = await addUpHolds(control.hour as Date);
  const same = { _id: CONTROL, hour: control.hour };
  await SpendingControl.collection.updateOne(same, { $set: { spent: sum } });
  return { ...control, spent: sum };
}

async function makeControl(ctx: Ctx): Promise<void> {
  const now = databaseTime(ctx);
  const made = { isStopped: false, spent: 0, version: 1 };
  const pipeline = [
    {
      $replaceWith: {
        $mergeObjects: [{ $literal: made }, { createdAt: now, updatedAt: now }, '$$ROOT'],
      },
    },
  ];
  await SpendingControl.collection
    .updateOne({ _id: CONTROL }, pipeline, { upsert: true })
    .catch((error) => {
      // Another process has made it just now.
      if (!isDuplicate(error)) throw error;
    });
}

async function addUpHolds(hour: Date): Promise<Credits> {
  const [sum] = await CreditHold.collection
    .aggregate<{ total: number }>([
      { $match: { state: { $in: ['HELD', 'CAPTURED'] }, createdAt: { $gte: hour } } },
      { $group: { _id: null, total: { $sum: '$amount' } } },
    ])
    .toArray();
  return sum?.total ?? 0;
}

/** Stops all paid work, or lets it go on, with a reason that is audited. What runs goes on. */
export async function switchSpending(
  ctx: Ctx,
  isStopped: boolean,
  reason: string,
): Promise<SpendingControlDoc> {
  await measureSpending(ctx);
  const set = { isStopped, reason };
  const action = isStopped ? 'stop-paid-work' : 'resume-paid-work';
  const changed = await update(ctx, SpendingControl, { _id: CONTROL }, { set }, action);
  forgetSpending();
  return changed as SpendingControlDoc; // it is never deleted
}

/** Tells whoever is on call that paid work is stopped, or has cost as much as it may: each once in an hour. */
export async function alarmSpending(ctx: Ctx): Promise<void> {
  const { isStopped, spent, hour, toldAt, told } = await measureSpending(ctx);
  const isCapped = spent >= config.creditsPerHour;
  if (!isStopped && !isCapped) return;
  const alarm = isStopped ? 'PAID_WORK_STOPPED' : 'APP_SPEND_CAP';
  if (told === alarm && hour && toldAt && toldAt >= hour) return;
  ctx.log.error('Paid work is refused.', { alarm, spent, cap: config.creditsPerHour });
  const set = { toldAt: hour, told: alarm };
  await SpendingControl.collection.updateOne({ _id: CONTROL }, { $set: set });
}
