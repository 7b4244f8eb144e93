import { setTimeout } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { isDuplicate } from '../../data/failures.ts';
import { newId } from '../../data/ids.ts';
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
}

/** How often to ask while waiting, in ms. */
const PAUSE = 50;

/**
 * Counts an attempt for a key, over all instances. What is under way counts, too, so that parallel
 * attempts do not exceed the limit; but where it is all that stands in the way, it is waited for.
 * @throws AppError RATE_LIMITED
 */
export async function takeTry(
  ctx: Ctx,
  what: string,
  key: string,
  { most, windowMs, patience = 0 }: Limit,
): Promise<Try> {
  const start = Math.floor(ctx.clock() / windowMs) * windowMs;
  const name = hashText(`${what}\n${key}\n${start}`);
  const add = (counts: { count?: number; failures?: number }) =>
    RateCount.collection.updateOne({ key: name }, { $inc: counts });
  const until = ctx.clock() + patience;
  while (!(await countOne(ctx, name, most, new Date(start + 2 * windowMs)))) {
    const row = await RateCount.collection.findOne({ key: name });
    if (!row || row.count < most) continue;
    if ((row.failures ?? 0) >= most || ctx.clock() >= until) {
      throw rateLimited((start + windowMs - ctx.clock()) / 1000);
    }
    await setTimeout(PAUSE);
  }
  return {
    giveBack: async () => void (await add({ count: -1 })),
    fail: async () => void (await add({ failures: 1 })),
  };
}

/** Counts one more, where there are fewer than `most`. */
async function countOne(ctx: Ctx, key: string, most: number, expiresAt: Date): Promise<boolean> {
  const at = new Date(ctx.clock());
  try {
    const row = await RateCount.collection.findOneAndUpdate(
      { key, count: { $lt: most } },
      {
        $inc: { count: 1, version: 1 },
        $set: { updatedAt: at },
        $setOnInsert: { _id: newId(at.getTime()), createdAt: at, expiresAt },
      },
      { upsert: true, returnDocument: 'after' },
    );
    return row !== null;
  } catch (error) {
    // There is one that counts as many already, or another has just made it.
    if (isDuplicate(error)) return false;
    throw error;
  }
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
