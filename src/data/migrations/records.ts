import type mongoose from 'mongoose';
import type { mongo } from 'mongoose';
import { Migration, type MigrationDoc } from '../../models/maintenance/migration.ts';
import { newId, type UUID } from '../ids.ts';
import { definitionOf } from './definitions.ts';
import { createCollection } from './operations.ts';

export type Direction = 'up' | 'down';

/** How far a migration has come: kept with its record, so that a killed run goes on from there. */
export interface Progress {
  direction: Direction;
  steps: Record<string, { after?: UUID; done: number; isOver: boolean }>;
}

/** What is known of a migration that a database has, or is at. */
export interface Standing {
  name: string;
  status: MigrationDoc['status'];
  appliedAt?: Date;
  durationMs?: number;
}

type Row = Partial<Omit<MigrationDoc, 'progress'>> & {
  _id: unknown;
  progress?: Progress;
  at?: Date;
};

/** The migrations that a database has, or is at, oldest first. Changes nothing. */
export async function standings(db: mongo.Db): Promise<Standing[]> {
  const found = await rows(db).find().toArray();
  const all = found.map(({ _id, at, name = String(_id), status = 'APPLIED', ...row }) => ({
    name,
    status,
    ...((row.appliedAt ?? at) && { appliedAt: (row.appliedAt ?? at) as Date }),
    ...(typeof row.durationMs === 'number' && { durationMs: row.durationMs }),
  }));
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Creates the engine's own collection, or brings it up to date; the lock's has no form. */
export async function keepRecords(db: mongo.Db): Promise<void> {
  const { validator, indexes } = definitionOf(Migration);
  await createCollection(db, Migration.collectionName, { validator, indexes: [] });
  // Records used to be `{ _id: '0001-first', at }`.
  for (const { _id, at } of await rows(db)
    .find({ name: { $exists: false } })
    .toArray()) {
    const now = new Date();
    const record = { status: 'APPLIED' as const, appliedAt: at ?? now, version: 1 };
    const first = { _id: newId(Date.now()), createdAt: at ?? now, updatedAt: now, ...record };
    await rows(db).updateOne({ name: String(_id) }, { $setOnInsert: first }, { upsert: true });
    await rows(db).deleteOne({ _id });
  }
  await createCollection(db, Migration.collectionName, { validator, indexes });
}

/** Notes that a migration runs. Answers how far an earlier run in the same direction came. */
export async function begin(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: string,
  direction: Direction,
): Promise<Progress> {
  const known = await rows(db).findOne({ name }, { session });
  const goesOn = known?.status === 'RUNNING' && known.progress?.direction === direction;
  const progress: Progress = (goesOn && known.progress) || { direction, steps: {} };
  await save(db, session, name, { status: 'RUNNING', progress });
  return progress;
}

/** Writes to the record of a migration. */
export async function save(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: string,
  values: Partial<Omit<Row, '_id'>>,
): Promise<void> {
  const now = new Date();
  await rows(db).updateOne(
    { name },
    {
      $set: { ...values, updatedAt: now },
      $inc: { version: 1 },
      $setOnInsert: { _id: newId(now.getTime()), createdAt: now },
    },
    { session, upsert: true },
  );
}

/** Forgets a migration that was undone. */
export async function forget(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: string,
): Promise<void> {
  await rows(db).deleteOne({ name }, { session });
}

function rows(db: mongo.Db): mongoose.mongo.Collection<Row> {
  return db.collection<Row>(Migration.collectionName);
}
