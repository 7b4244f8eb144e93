import { setTimeout } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { databaseTime, isPastOrMissing, upsertCommon } from '../../data/database-time.ts';
import type { DocOf } from '../../data/entity.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { RateCount } from '../../models/account/rate-count.ts';

/** An attempt that was counted, before anybody knows how it ends. */
export interface Try {
  /** It was a legitimate one, and does not count. */
  giveBack(): Promise<void>;
  /** It has failed, and counts; until then it is under way. */
  fail(): Promise<void>;
}

interface Limit {
  most: number;
  windowMs: number;
  /** How long to wait, in ms, while attempts that are under way might still be given back. */
  patience?: number;
  /** Whether attempts are given back or fail; those of a process that was killed do not count long. */
  settled?: boolean;
}

/** How long an attempt may be under way, in ms: longer than any request. */
const UNDER_WAY = 35_000;
/** How often to ask while waiting, in ms. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 800;

/**
 * Counts an attempt for a key, over all instances. A window begins with its first attempt, and ends
 * by the database's clock. What is under way counts, too, so that parallel attempts do not exceed
 * the limit; but where it is all that stands in the way, it is waited for.
 * @throws AppError RATE_LIMITED
 */
export async function takeTry(ctx: Ctx, what: string, key: string, limit: Limit): Promise<Try> {
  const { most, patience = 0 } = limit;
  const name = hashText(`${what}\n${key}`);
  const begun = performance.now();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const attempt = newId(ctx.clock());
    const { expiresAt, updatedAt, counted, failures } = await count(ctx, name, attempt, limit);
    if (counted?.equals(attempt)) {
      // Only in its own window.
      const add = async (counts: { count?: number; failures?: number }) =>
        void (await RateCount.collection.updateOne({ key: name, expiresAt }, { $inc: counts }));
      return { giveBack: () => add({ count: -1 }), fail: () => add({ failures: 1 }) };
    }
    if ((failures ?? 0) >= most || performance.now() - begun >= patience)
      throw rateLimited((expiresAt.getTime() - updatedAt.getTime()) / 1000);
    await setTimeout(pause);
  }
}

/**
 * Settles attempts by what they were for: one that was right does not count, nor does one that nobody
 * could check.
 */
export async function settle(tries: Try[], check: () => Promise<boolean>): Promise<boolean> {
  let isRight: boolean | undefined;
  try {
    isRight = await check();
    return isRight;
  } finally {
    const isWrong = isRight === false;
    await Promise.all(tries.map((one) => (isWrong ? one.fail() : one.giveBack())));
  }
}

/** Counts an attempt, unless there are as many as there may be; `counted` tells. */
async function count(
  ctx: Ctx,
  key: string,
  attempt: UUID,
  { most, windowMs, settled = false }: Limit,
): Promise<DocOf<typeof RateCount>> {
  const now = databaseTime(ctx);
  const isOver = isPastOrMissing(ctx, 'expiresAt');
  const failures = { $cond: [isOver, 0, { $ifNull: ['$failures', 0] }] };
  // None is under way any more that was counted so long ago: only failures are left.
  const isQuiet = isPastOrMissing(ctx, 'countedAt', UNDER_WAY);
  const before = settled ? { $cond: [isQuiet, failures, '$count'] } : '$count';
  const taken = { $cond: [isOver, 0, before] };
  const isFree = { $lt: [taken, most] };
  const values = {
    ...upsertCommon(ctx, attempt),
    count: { $cond: [isFree, { $add: [taken, 1] }, taken] },
    failures,
    counted: { $cond: [isFree, attempt, '$counted'] },
    countedAt: { $cond: [isFree, now, '$countedAt'] },
    expiresAt: { $cond: [isOver, databaseTime(ctx, windowMs), '$expiresAt'] },
  };
  const row = await RateCount.collection.findOneAndUpdate({ key }, [{ $set: values }], {
    upsert: true,
    returnDocument: 'after',
  });
  return row as DocOf<typeof RateCount>; // it is made where there was none
}

/**
 * The network of an IP address, as limits count it: an IPv6 /64, all of which one subscriber has.
 */
export function readNetwork(ip: string | undefined): string {
  if (!ip?.includes(':') || ip.startsWith('::ffff:')) return ip ?? '';
  const [head = '', tail] = ip.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array(Math.max(zeros, 0)).fill('0'), ...right].slice(0, 4).join(':');
}

/** The error for too many attempts, with the seconds to wait. */
export function rateLimited(seconds: number): AppError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new AppError('RATE_LIMITED', `Too many attempts; try again in ${retryAfter} s.`, {
    retryAfter,
  });
}
