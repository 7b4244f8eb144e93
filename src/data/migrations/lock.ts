import mongoose, { type mongo } from 'mongoose';
import { newId, type UUID } from '../ids.ts';

interface Lock {
  _id: 'lock';
  owner: UUID;
  until: Date;
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
  { patience = 120_000, lease = 60_000 }: Waiting,
  work: (hold: Hold) => Promise<T>,
): Promise<T> {
  const locks = db.collection<Lock>(LOCKS);
  const owner = newId(Date.now());
  await take(locks, owner, lease, Date.now() + patience);
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
  // A failed call is no loss yet: the next one may come in time, and if not, it finds the lock taken.
  const timer = setInterval(() => renew().catch(() => lost && loses(lost)), lease / 3);
  const hold: Hold = {
    check: () => {
      if (lost) throw lost;
    },
    write: (work) =>
      db.client.withSession((session) =>
        session.withTransaction(
          async () => {
            await renew(session);
            return work(session);
          },
          { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } },
        ),
      ),
  };
  try {
    return await Promise.race([work(hold), losing]);
  } finally {
    clearInterval(timer);
    await locks.deleteOne({ _id: 'lock', owner });
  }
}

async function take(
  locks: mongo.Collection<Lock>,
  owner: UUID,
  lease: number,
  deadline: number,
): Promise<void> {
  for (;;) {
    const now = Date.now();
    const until = new Date(now + lease);
    try {
      await locks.updateOne(
        { _id: 'lock', until: { $lt: new Date(now) } },
        { $set: { owner, until } },
        { upsert: true },
      );
      return;
    } catch (error) {
      if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== 11000) throw error;
      if (now > deadline) throw new Error('Another runner is migrating this database.');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
