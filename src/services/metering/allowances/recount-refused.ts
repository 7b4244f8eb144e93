import type { Ctx } from '../../../context.ts';
import { databaseTime, hasCome } from '../../../data/database-time.ts';
import { findMany } from '../../../data/read.ts';
import {
  AllowanceCounter,
  type AllowanceCounterDoc,
} from '../../../models/metering/allowance-counter.ts';
import { compare, isSame, type Miscounted, putRight } from './recount.ts';

const BATCH = 50;
/** Longer than any request is under way, in ms. */
const UNDER_WAY = 35_000;

/**
 * Recounts the accounts that were refused something: what a crash has left in a counter stands in nobody's way
 * until the night. What is off may be under way, so it is noted, and put right when it is off by as much the
 * next time. @returns how many counts were wrong
 */
export async function recountRefused(ctx: Ctx): Promise<number> {
  const due = { refusedAt: { $exists: true }, ...hasCome(ctx, 'refusedAt', UNDER_WAY) };
  const some = { projection: { suspects: 1 }, sort: { refusedAt: 1 }, limit: BATCH } as const;
  const counters = await findMany(ctx, AllowanceCounter, due, some);
  const off = await compare(
    ctx,
    counters.map(({ _id }) => _id),
  );
  let corrected = 0;
  for (const counter of counters) {
    const mine = off.filter(({ user }) => user.equals(counter._id));
    corrected += await lookAgain(ctx, counter, mine);
  }
  if (corrected > 0) ctx.log.warn('Counters of allowances stood in the way.', { corrected });
  return corrected;
}

async function lookAgain(
  ctx: Ctx,
  { _id, suspects }: AllowanceCounterDoc,
  off: Miscounted[],
): Promise<number> {
  const before = suspects as Record<string, number> | null | undefined;
  if (off.length > 0 && !before) {
    const noted = Object.fromEntries(off.map((one) => [one.metric, one.off]));
    const set = { suspects: { $literal: noted }, refusedAt: databaseTime(ctx) };
    await AllowanceCounter.collection.updateOne({ _id }, [{ $set: set }]);
    return 0;
  }
  let corrected = 0;
  for (const one of off) {
    if (isSame(before?.[one.metric] ?? 0, one.off)) corrected += await putRight(ctx, one);
  }
  const done = { $unset: { refusedAt: '', suspects: '' } };
  await AllowanceCounter.collection.updateOne({ _id }, done);
  return corrected;
}
