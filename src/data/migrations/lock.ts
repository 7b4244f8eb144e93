import type { mongo } from 'mongoose';
import { readErrorCode } from '../failures.ts';
import { newId, type UUID } from '../ids.ts';
import { TRANSACTION } from '../transaction.ts';

interface Lock {
  _id: 'lock';
  owner: UUID;
  until: Date;
  /** The session of the owner's transactions. */
  session: mongo.ServerSessionId;
}

/** The lock while it is held. */
export interface Hold {
  /** @throws Error once the lock is lost */
  check(): void;
  /** Runs writes in one transaction with a renewal of the lock: without the lock, none of them happens. */
  write<T>(work: (session: mongo.ClientSession) => Promise<T>): Promise<T>;
}

export interface LockOptions {
  /** How long to wait for another runner, in ms. */
  patience?: number;
  /** How long the lock is taken for, in ms; it is renewed three times as often. */
  lease?: number;
  /** Prints a line for whoever watches. */
  tell?: (line: string) => void;
}

/** The collection of the lock. */
export const LOCKS = 'migrationLocks';

/**
 * Runs `work` as the only runner of this database. The lock is a lease that is renewed on a timer, so that a
 * long index build keeps it; a runner that lost it fails, and its writes do not happen.
 * @throws Error when another runner holds the lock for longer than `patience` ms
 */
export async function holdLock<T>(
  db: mongo.Db,
  { patience = 120_000, lease = 60_000, tell = () => {} }: LockOptions,
  work: (hold: Hold) => Promise<T>,
): Promise<T> {
  const locks = db.collection<Lock>(LOCKS);
  const owner = newId(Date.now());
  const session = db.client.startSession();
  let lost: Error | undefined;
  const loss = Promise.withResolvers<never>();

  const renew = async (session?: mongo.ClientSession) => {
    const until = { $add: ['$$NOW', lease] };
    const mine = { _id: 'lock' as const, owner };
    const { matchedCount } = await locks.updateOne(mine, [{ $set: { until } }], { session });
    if (matchedCount > 0) return;
    lost = new Error('Another runner took the migration lock over.');
    throw lost;
  };
  const hold: Hold = {
    check: () => {
      if (lost) throw lost;
    },
    write: (work) =>
      session.withTransaction(async () => {
        await renew(session);
        return work(session);
      }, TRANSACTION),
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    await takeLock(db, { owner, session: getId(session) }, lease, patience, tell);
    // A renewal that fails has not lost the lock yet: the next may come in time, or find another owner.
    timer = setInterval(() => renew().catch(() => lost && loss.reject(lost)), lease / 3);
    return await Promise.race([work(hold), loss.promise]);
  } finally {
    clearInterval(timer);
    await session.endSession();
    await locks.deleteOne({ _id: 'lock', owner });
  }
}

async function takeLock(
  db: mongo.Db,
  mine: Pick<Lock, 'owner' | 'session'>,
  lease: number,
  patience: number,
  tell: (line: string) => void,
): Promise<void> {
  const locks = db.collection<Lock>(LOCKS);
  const began = performance.now();
  for (let tries = 0; ; tries++) {
    const dead = await locks.findOne({ _id: 'lock', $expr: IS_FREE });
    // A killed runner leaves its transaction open, which blocks the lock and its documents for a minute or more.
    if (dead?.session) await db.command({ killSessions: [dead.session] });
    if (await tryLock(locks, mine, lease)) return;
    if (performance.now() - began > patience)
      throw new Error('Another runner is migrating this database.');
    if (tries === 0)
      tell(`Another runner has the lock: waiting for it, ${patience / 1000} s at most.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** There is none, or its lease is over by the database's clock. */
const IS_FREE = { $lt: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] };

/** Takes the lock if it is free, in one command. */
async function tryLock(
  locks: mongo.Collection<Lock>,
  mine: Pick<Lock, 'owner' | 'session'>,
  lease: number,
): Promise<boolean> {
  const ours = {
    $mergeObjects: ['$$ROOT', { $literal: mine }, { until: { $add: ['$$NOW', lease] } }],
  };
  try {
    const held = await locks.findOneAndUpdate(
      { _id: 'lock' },
      [{ $replaceWith: { $cond: [IS_FREE, ours, '$$ROOT'] } }],
      { upsert: true, returnDocument: 'after', maxTimeMS: 1000 },
    );
    return held !== null && mine.owner.equals(held.owner);
  } catch (error) {
    if (TAKEN.includes(readErrorCode(error))) return false;
    throw error;
  }
}

/** Codes of a lock that is taken: a duplicate key; a write that waited for a transaction of its owner. */
const TAKEN: unknown[] = [11000, 50];

function getId({ id }: mongo.ClientSession): mongo.ServerSessionId {
  if (!id) throw new Error('The session has no id.');
  return id;
}
