import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { DocOf } from '../../data/entity.ts';
import { newId } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { RateCount } from '../../models/account/rate-count.ts';

const LONG_AGO = new Date(0);

/**
 * Counts an attempt against `limit` per `windowMs` for a key, over all instances. A window begins
 * with its first attempt, and ends by the database's clock.
 * @returns takes the attempt back, when it was a legitimate one
 * @throws AppError RATE_LIMITED
 */
export async function takeTry(
  ctx: Ctx,
  what: string,
  key: string,
  limit: number,
  windowMs: number,
): Promise<() => Promise<void>> {
  const name = hashText(`${what}\n${key}`);
  const now = databaseTime(ctx);
  const isOver = { $lte: [{ $ifNull: ['$expiresAt', LONG_AGO] }, now] };
  const counted = {
    _id: { $ifNull: ['$_id', { $literal: newId(ctx.clock()) }] },
    count: { $cond: [isOver, 1, { $add: ['$count', 1] }] },
    expiresAt: { $cond: [isOver, databaseTime(ctx, windowMs), '$expiresAt'] },
    createdAt: { $ifNull: ['$createdAt', now] },
    updatedAt: now,
    version: { $add: [{ $ifNull: ['$version', 0] }, 1] },
  };
  const row = (await RateCount.collection.findOneAndUpdate({ key: name }, [{ $set: counted }], {
    upsert: true,
    returnDocument: 'after',
    // It is made where there was none.
  })) as DocOf<typeof RateCount>;
  const { count, expiresAt, updatedAt } = row;
  if (count > limit) throw rateLimited((expiresAt.getTime() - updatedAt.getTime()) / 1000);
  return async () => {
    // Only in its own window.
    await RateCount.collection.updateOne({ key: name, expiresAt }, { $inc: { count: -1 } });
  };
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
