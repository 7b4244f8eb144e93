import type { mongo } from 'mongoose';
import { readErrorCode } from '../failures.ts';
import { newId, type UUID } from '../ids.ts';
import { TRANSACTION } from '../transaction.ts';

interface Lock {
  _id: 'lock';
  owner: UUID;
  until: Date;
  /** Of the owner's transactions. */
  session: mongo.ServerSessionId;
}

/** The lock while it is held. */
export interface Hold {
  /** @throws Error once the lock is lost */
  check(): void;
  /** Runs writes in one transaction with a renewal of the lock: without the lock, none of them happens. */
  write<T>(work: (session: mongo.ClientSession) => Promise<T>): Promise<T>;
}

export interface Waiting {
  /** How long to wait for another runner, in ms. */
  patience?: number;
  /** How long the lock is taken for, in ms; it is renewed three times as often. */
  lease?: number;
  /** Tells whoever watches how it goes, line by line. */
  tell?: (line: string) => void;
}

/** The collection of the lock. */
export const LOCKS = 'migrationLocks';

/**
 * Runs `work` as the only runner of this database. The lock is renewed on a timer, so that a long index build
 * keeps it; a runner that lost it fails, and its writes do not happen.
 * @throws Error when another runner holds the lock for longer than `patience` ms
 */
export async function locked<T>(
  db: mongo.Db,
  { patience = 120_000, lease = 60_000, tell = () => {} }: Waiting,
  work: (hold: Hold) => Promise<T>,
): Promise<T> {
  const locks = db.collection<Lock>(LOCKS);
  const owner = newId(Date.now());
  const session = db.client.startSession();
  let lost: Error | undefined;
  let loses: (error: Error) => void = () => {};
  const losing = new Promise<never>((_resolve, reject) => {
    loses = reject;
  });

  const renew = async (session?: mongo.ClientSession) => {
    const until = new Date(Date.now() + lease);
    const mine = { _id: 'lock' as const, owner };
    const { matchedCount } = await locks.updateOne(mine, { $set: { until } }, { session });
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
    await take(db, { owner, session: idOf(session) }, lease, patience, tell);
    // A failed call is no loss yet: the next one may come in time, and if not, it finds the lock taken.
    timer = setInterval(() => renew().catch(() => lost && loses(lost)), lease / 3);
    return await Promise.race([work(hold), losing]);
  } finally {
    clearInterval(timer);
    await session.endSession();
    await locks.deleteOne({ _id: 'lock', owner });
  }
}

async function take(
  db: mongo.Db,
  mine: Pick<Lock, 'owner' | 'session'>,
  lease: number,
  patience: number,
  tell: (line: string) => void,
): Promise<void> {
  const locks = db.collection<Lock>(LOCKS);
  const deadline = Date.now() + patience;
  for (let tries = 0; ; tries++) {
    const now = Date.now();
    const free = { _id: 'lock' as const, until: { $lt: new Date(now) } };
    const dead = await locks.findOne(free);
    // A killed runner leaves its transaction open, which bars the lock and the documents for a minute and more.
    if (dead?.session) await db.command({ killSessions: [dead.session] });
    try {
      const until = new Date(now + lease);
      await locks.updateOne(free, { $set: { ...mine, until } }, { upsert: true, maxTimeMS: 1000 });
      return;
    } catch (error) {
      if (!IS_TAKEN.includes(readErrorCode(error))) throw error;
      if (now > deadline) throw new Error('Another runner is migrating this database.');
      if (tries === 0)
        tell(`Another runner has the lock: waiting for it, ${patience / 1000} s at most.`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** A duplicate; barred by a transaction of its owner. */
const IS_TAKEN: unknown[] = [11000, 50];

function idOf({ id }: mongo.ClientSession): mongo.ServerSessionId {
  if (!id) throw new Error('The session has no id.');
  return id;
}
