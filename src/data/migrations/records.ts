import type mongoose from 'mongoose';
import type { mongo } from 'mongoose';
import { Migration, type MigrationDoc } from '../../models/maintenance/migration.ts';
import { newId, type UUID } from '../ids.ts';
import { deriveDefinition } from './definitions.ts';
import { createCollection } from './operations.ts';

export type Direction = 'up' | 'down';

/** How far a migration has come: stored with its record, so that a killed run goes on from there. */
export interface Progress {
  direction: Direction;
  steps: Record<string, { after?: UUID; done: number; isOver: boolean }>;
}

/** What a database says of a migration that was applied, or is being applied or undone. */
export interface MigrationRecord {
  name: string;
  status: MigrationDoc['status'];
  appliedAt?: Date;
  durationMs?: number;
}

type Row = Partial<Omit<MigrationDoc, 'progress'>> & { _id: unknown; progress?: Progress };

/** Reads the records of a database, in the order of the migrations. */
export async function readRecords(db: mongo.Db): Promise<MigrationRecord[]> {
  const found = await rows(db).find().toArray();
  // A record without a name is from before there were statuses: its id is the migration's.
  const all = found.map(({ _id, name = String(_id), status = 'APPLIED', ...row }) => ({
    name,
    status,
    ...(row.appliedAt && { appliedAt: row.appliedAt }),
    ...(typeof row.durationMs === 'number' && { durationMs: row.durationMs }),
  }));
  return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Creates the collection of the records, or brings it up to date. */
export async function prepareRecords(db: mongo.Db): Promise<void> {
  await createCollection(db, Migration.collectionName, deriveDefinition(Migration));
}

/** Records that a migration runs. Returns how far an earlier run in the same direction came. */
export async function beginRecord(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: string,
  direction: Direction,
): Promise<Progress> {
  const known = await rows(db).findOne({ name }, { session });
  const goesOn = known?.status === 'RUNNING' && known.progress?.direction === direction;
  const progress: Progress = (goesOn && known.progress) || { direction, steps: {} };
  await saveRecord(db, session, name, { status: 'RUNNING', progress });
  return progress;
}

/** Writes to the record of a migration. */
export async function saveRecord(
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

/** Deletes the record of a migration that was undone. */
export async function deleteRecord(
  db: mongo.Db,
  session: mongo.ClientSession,
  name: string,
): Promise<void> {
  await rows(db).deleteOne({ name }, { session });
}

function rows(db: mongo.Db): mongoose.mongo.Collection<Row> {
  return db.collection<Row>(Migration.collectionName);
}
