import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { newId } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { RateCount } from '../../models/account/rate-count.ts';

/**
 * Takes one of `limit` tries per `windowMs` for a key, counted for all instances together.
 * @returns gives the try back (it was a good one)
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

/** An address as limits count it: IPv6 by its /64, which one subscriber has whole. */
export function readNetwork(ip: string | undefined): string {
  if (!ip?.includes(':') || ip.startsWith('::ffff:')) return ip ?? '';
  const [head = '', tail] = ip.split('::');
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array(Math.max(zeros, 0)).fill('0'), ...right].slice(0, 4).join(':');
}

/** What too many tries answer, with the seconds to wait. */
export function rateLimited(seconds: number): AppError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new AppError('RATE_LIMITED', `Too many tries; try again in ${retryAfter} s.`, {
    retryAfter,
  });
}
