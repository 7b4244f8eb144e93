import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { databaseTime, isPastOrMissing, upsertCommon } from '../../data/database-time.ts';
import { newId } from '../../data/ids.ts';
import { RateCount } from '../../models/account/rate-count.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { rateLimited } from '../../services/account/rate-limit.ts';

const MINUTE = 60_000;
/** How often a process merges its counts into those of all, in ms, and how long that may take. */
const EVERY = 1000;
const PATIENCE = 1000;
/** Addresses that a process remembers; it forgets those that it has not heard of for longest. */
const MOST_KNOWN = 20_000;
/** Addresses of which one merge tells. */
const MOST_TOLD = 1000;
/** An address is told of once this process has let through that part of a minute's calls. */
const SHARE_TOLD = 1 / 600;

/** The calls of an address, or of an account, within a minute, as one process knows them. */
interface Window {
  address: string;
  /** So many are let through. */
  most: number;
  /** It lasts so many ms from then on. */
  start: Moment;
  ms: number;
  /** Calls that this process has let through. */
  own: number;
  /** Those of them that it has not merged yet. */
  untold: number;
  /** The calls that all processes together had merged when this one last did. */
  shared: number;
}

/** Counts the calls of addresses, in this process and, a second later, with all others. */
export interface CallCounter {
  /**
   * Counts a call, without asking the database.
   * @param most where it is not the limit of all
   * @throws AppError RATE_LIMITED
   */
  countCall(address: string, most?: number): void;
  /**
   * Begins to merge what was counted, at most once a second and where there is something to tell. Never
   * rejects. A Lambda must wait for it before it answers: nothing may be in flight while it is frozen.
   */
  mergeCalls(ctx: Ctx): Promise<void> | undefined;
}

/** Makes a counter that lets through so many calls of an address a minute. */
export function createCallCounter(usual: number): CallCounter {
  const windows = new Map<string, Window>();
  const due = new Set<Window>();
  let begun: Moment | undefined;
  let isMerging = false;

  function countCall(address: string, most = usual): void {
    let window = windows.get(address);
    if (!window || !isOpen(window)) {
      windows.delete(address);
      if (windows.size >= MOST_KNOWN) windows.delete(windows.keys().next().value as string);
      window = { address, most, start: markMoment(), ms: MINUTE, own: 0, untold: 0, shared: 0 };
      windows.set(address, window);
    } else if (windows.size > MOST_KNOWN / 2) {
      // At the end: the first one is the one not heard of for longest, which matters once there are many.
      windows.delete(address);
      windows.set(address, window);
    }
    window.most = most;
    if (window.shared + window.untold >= most) {
      throw rateLimited((window.ms - (performance.now() - window.start.steady)) / 1000);
    }
    window.own++;
    window.untold++;
    if (window.own >= most * SHARE_TOLD && due.size < MOST_TOLD) due.add(window);
  }

  function mergeCalls(ctx: Ctx): Promise<void> | undefined {
    if (isMerging || due.size === 0 || (begun && isWithin(begun, EVERY))) return undefined;
    // After a minute without a merge, as when a Lambda was frozen, these are no calls of this minute.
    const told = [...due].filter(isOpen);
    due.clear();
    begun = markMoment();
    return told.length > 0 ? merge(ctx, told) : undefined;
  }

  async function merge(ctx: Ctx, told: Window[]): Promise<void> {
    isMerging = true;
    const keyed = told.map((window) => ({ window, key: hashAddress(window) }));
    const sums = new Map<string, number>();
    for (const { window, key } of keyed) {
      sums.set(key, (sums.get(key) ?? 0) + window.untold);
      // What is not known to have arrived is not told again: it may have.
      window.shared += window.untold;
      window.untold = 0;
    }
    try {
      const totals = await addToTotals(ctx, sums);
      for (const { window, key } of keyed) {
        const total = totals.get(key);
        if (total) Object.assign(window, { ...total, start: markMoment() });
      }
    } catch (error) {
      ctx.log.warn('Calls could not be counted with those of other processes.', {
        error: error as Error,
      });
    } finally {
      isMerging = false;
    }
  }

  return { countCall, mergeCalls };
}

function isOpen({ start, ms }: Window): boolean {
  return isWithin(start, ms);
}

function hashAddress({ address }: Window): string {
  return hashText(`calls\n${address}`);
}

/**
 * Adds to the counts of all processes, by their keys, and answers what they are now. A minute begins with
 * the first call that is merged, and ends by the database's clock.
 */
async function addToTotals(ctx: Ctx, sums: Map<string, number>) {
  const isOver = isPastOrMissing(ctx, 'expiresAt');
  const updates = [...sums].map(([key, sum]) => {
    const values = {
      ...upsertCommon(ctx, newId(ctx.clock())),
      count: { $add: [{ $cond: [isOver, 0, '$count'] }, sum] },
      expiresAt: { $cond: [isOver, databaseTime(ctx, MINUTE), '$expiresAt'] },
    };
    return { updateOne: { filter: { key }, update: [{ $set: values }], upsert: true } };
  });
  const options = { timeoutMS: PATIENCE, writeConcern: { w: 1 } };
  await RateCount.collection.bulkWrite(updates, { ...options, ordered: false });
  const left = { $subtract: ['$expiresAt', databaseTime(ctx)] };
  const found = await RateCount.collection
    .find<{ key: string; count: number; left: number }>(
      { key: { $in: [...sums.keys()] } },
      { projection: { key: 1, count: 1, left }, timeoutMS: PATIENCE },
    )
    .toArray();
  return new Map(found.map(({ key, count, left }) => [key, { shared: count, ms: left }]));
}
