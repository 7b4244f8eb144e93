import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { afterAll, inject } from 'vitest';
import { newId } from '../../../src/data/ids.ts';
import type { Migration, Steps } from '../../../src/data/migrations/migration.ts';
import { times } from '../../harness/times.ts';

const client = new mongoose.mongo.MongoClient(inject('tools').mongodb);
const made: mongoose.mongo.Db[] = [];

afterAll(async () => {
  await Promise.all(made.map((db) => db.dropDatabase()));
  await client.close();
});

/** A database of its own, with nothing in it. */
export function database(): mongoose.mongo.Db {
  const db = client.db(`m${randomBytes(6).toString('hex')}`);
  made.push(db);
  return db;
}

/** A migration that does this, and nothing on the way back unless told. */
export function migration(
  id: string,
  up: (m: Steps) => Promise<void>,
  down: (m: Steps) => Promise<void> = async () => {},
): Migration {
  return { id, up, down };
}

/** A migration that makes the collection `songs`. */
export const songs = migration(
  '0001-songs',
  (m) =>
    m.createCollection('songs', {
      fields: {
        _id: 'id',
        name: { bsonType: 'string' },
        plays: { bsonType: 'int' },
        isOld: { bsonType: 'bool' },
        version: { bsonType: 'int' },
      },
      required: ['_id', 'name'],
      indexes: [{ key: { name: 1 } }],
    }),
  (m) => m.dropCollection('songs'),
);

/** Puts that many songs into a database. */
export async function fill(db: mongoose.mongo.Db, count: number): Promise<void> {
  const documents = times(count, (n) => ({ _id: newId(Date.now()), name: `song ${n}`, plays: 0 }));
  await db.collection('songs').insertMany(documents as never[]);
}

/** All collections with their options and indexes, but for the uuid that each has anew. */
export async function everything(db: mongoose.mongo.Db): Promise<unknown> {
  const found = await db.listCollections().toArray();
  return Promise.all(
    found.toSorted(byName).map(async ({ info: _uuid, ...rest }: mongoose.mongo.Document) => ({
      ...rest,
      indexes: (await db.collection(rest.name).listIndexes().toArray()).toSorted(byName),
    })),
  );
}

function byName(a: mongoose.mongo.Document, b: mongoose.mongo.Document): number {
  return a.name < b.name ? -1 : 1;
}
