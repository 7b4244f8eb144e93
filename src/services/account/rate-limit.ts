import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { newId } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { RateCount } from '../../models/account/rate-count.ts';

/**
 * Counts an attempt against `limit` per `windowMs` for a key, over all instances.
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
  const now = ctx.clock();
  const start = Math.floor(now / windowMs) * windowMs;
  const name = hashText(`${what}\n${key}\n${start}`);
  const at = new Date(now);
  const row = await RateCount.collection.findOneAndUpdate(
    { key: name },
    {
      $inc: { count: 1, version: 1 },
      $set: { updatedAt: at },
      $setOnInsert: { _id: newId(now), createdAt: at, expiresAt: new Date(start + 2 * windowMs) },
    },
    { upsert: true, returnDocument: 'after' },
  );
  if ((row?.count as number) > limit) throw rateLimited((start + windowMs - now) / 1000);
  return async () => {
    await RateCount.collection.updateOne({ key: name }, { $inc: { count: -1 } });
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
