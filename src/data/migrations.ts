import mongoose, { type mongo } from 'mongoose';
import { log } from '../providers/log.ts';
import { newId, type UUID } from './ids.ts';

/** One numbered step of the database: `up` and `down` undo each other. */
export interface Migration {
  /** `0001-first`: sorts in the order of running. */
  id: string;
  up(db: mongo.Db): Promise<void>;
  down(db: mongo.Db): Promise<void>;
}

interface Applied {
  _id: string;
  at: Date;
}

interface Lock {
  _id: 'lock';
  owner: UUID;
  until: Date;
}

const LEASE = 60_000;

/** Which migrations a database has, oldest first. */
export async function applied(db: mongo.Db): Promise<string[]> {
  const rows = await db.collection<Applied>('migrations').find().sort({ _id: 1 }).toArray();
  return rows.map((r) => r._id);
}

/**
 * Applies what is missing, in order; two runners at once are safe. Returns the ids that it applied.
 * @throws Error when another runner holds the lock for longer than `patience` ms
 */
export async function upgrade(migrations: Migration[], patience = 120_000): Promise<string[]> {
  const db = database();
  return locked(db, patience, async (renew) => {
    const done = new Set(await applied(db));
    const ran: string[] = [];
    for (const migration of sorted(migrations).filter((m) => !done.has(m.id))) {
      await renew();
      await migration.up(db);
      await db.collection<Applied>('migrations').insertOne({ _id: migration.id, at: new Date() });
      log.info('migrated', { migration: migration.id });
      ran.push(migration.id);
    }
    return ran;
  });
}

/** Undoes the last `count` migrations, newest first. Returns their ids. */
export async function downgrade(migrations: Migration[], count: number): Promise<string[]> {
  const db = database();
  return locked(db, 120_000, async (renew) => {
    const done = (await applied(db)).reverse().slice(0, count);
    for (const id of done) {
      const migration = migrations.find((m) => m.id === id);
      if (!migration) throw new Error(`The database has a migration ${id} that is not here.`);
      await renew();
      await migration.down(db);
      await db.collection<Applied>('migrations').deleteOne({ _id: id });
    }
    return done;
  });
}

function sorted(migrations: Migration[]): Migration[] {
  return [...migrations].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function database(): mongo.Db {
  const { db } = mongoose.connection;
  if (!db) throw new Error('Connect before migrating.');
  return db;
}

async function locked<T>(
  db: mongo.Db,
  patience: number,
  work: (renew: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const locks = db.collection<Lock>('migrationLocks');
  const owner = newId(Date.now());
  await take(locks, owner, Date.now() + patience);
  const renew = async () => {
    const until = new Date(Date.now() + LEASE);
    const { matchedCount } = await locks.updateOne({ _id: 'lock', owner }, { $set: { until } });
    if (matchedCount === 0) throw new Error('Another runner took the migration lock over.');
  };
  try {
    return await work(renew);
  } finally {
    await locks.deleteOne({ _id: 'lock', owner });
  }
}

async function take(locks: mongo.Collection<Lock>, owner: UUID, deadline: number): Promise<void> {
  for (;;) {
    const now = Date.now();
    const until = new Date(now + LEASE);
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
