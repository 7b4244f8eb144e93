import { beforeEach, expect, test } from 'vitest';
import type { Stored } from '../../../src/data/entity.ts';
import { newId } from '../../../src/data/ids.ts';
import type { DocumentChange, Migration } from '../../../src/data/migrations/migration.ts';
import { downgrade, upgrade } from '../../../src/data/migrations/run.ts';
import { database, migration } from './given.ts';

const text = { bsonType: 'string' };
const closed = { bsonType: 'object', additionalProperties: false };

const films = migration('0001-films', (m) =>
  m.createCollection('films', {
    fields: {
      _id: 'id',
      genre: text,
      old: text,
      object: { ...closed, properties: { tag: text, size: { bsonType: 'int' } } },
      parts: { bsonType: 'array', items: { ...closed, properties: { name: text } } },
      version: { bsonType: 'int' },
    },
    required: ['_id', 'version'],
    indexes: [],
  }),
);

let db = database();
beforeEach(async () => {
  db = database();
  await upgrade(db, [films]);
});

/** Inserts films with these fields, each at version 1. */
async function insert(documents: object[]): Promise<void> {
  const rows = documents.map((fields) => ({ _id: newId(Date.now()), version: 1, ...fields }));
  await db.collection('films').insertMany(rows as never[]);
}

/** Runs one change of the documents. Returns all of them as they are then, without their ids. */
async function change(...changes: DocumentChange[]): Promise<object[]> {
  await upgrade(db, [
    films,
    migration('0002-change', async (m) => {
      await m.setValidator('films', {});
      for (const one of changes) await m.changeDocuments('films', one);
    }),
  ]);
  return read();
}

async function read(): Promise<object[]> {
  const found = await db.collection<Stored>('films').find().sort({ _id: 1 }).toArray();
  return found.map(({ _id, ...fields }) => fields);
}

test('a field is renamed where it is, also in an object, and its value stays', async () => {
  await insert([{ genre: 'Noir', object: { tag: 'a', size: 1 } }, { object: { size: 2 } }, {}]);
  expect(await change({ rename: { genre: 'style', 'object.tag': 'object.etag' } })).toEqual([
    { style: 'Noir', object: { etag: 'a', size: 1 }, version: 2 },
    { object: { size: 2 }, version: 1 },
    { version: 1 },
  ]);
});

test('a field is removed, also from the items of an array', async () => {
  await insert([{ old: 'a', parts: [{ name: 'b' }, {}] }, { parts: [] }, { parts: [{}] }, {}]);
  expect(await change({ unset: ['old', 'parts.$[].name'] })).toEqual([
    { parts: [{}, {}], version: 2 },
    { parts: [], version: 1 },
    { parts: [{}], version: 1 },
    { version: 1 },
  ]);
});

test('a missing field is filled in where what holds it is there, and one that is there stays', async () => {
  await insert([{ parts: [{ name: 'a' }, {}] }, { object: {}, genre: 'Noir' }, { parts: [] }]);
  const fill = { genre: 'none', 'object.size': 0, 'parts.$[].name': 'b' };
  expect(await change({ fill })).toEqual([
    { genre: 'none', parts: [{ name: 'a' }, { name: 'b' }], version: 2 },
    { genre: 'Noir', object: { size: 0 }, version: 2 },
    { genre: 'none', parts: [], version: 2 },
  ]);
});

test('all of a change is one write: between two the validator would refuse the document', async () => {
  await insert([{ genre: 'Noir', old: 'a', object: { tag: 'b' } }]);
  const whole: Migration = migration(
    '0002-whole',
    async (m) => {
      await m.changeValidator('films', {
        set: { style: text, 'object.etag': text, length: { bsonType: 'int' } },
        unset: ['genre', 'object.tag', 'old'],
        required: ['style', 'length'],
      });
      await m.changeDocuments('films', {
        rename: { genre: 'style', 'object.tag': 'object.etag' },
        unset: ['old'],
        fill: { length: 90 },
      });
    },
    async (m) => {
      await m.changeValidator('films', {
        set: { genre: text, 'object.tag': text, old: text },
        unset: ['style', 'object.etag', 'length'],
      });
      await m.changeDocuments('films', {
        rename: { style: 'genre', 'object.etag': 'object.tag' },
        unset: ['length'],
      });
    },
  );
  await upgrade(db, [films, whole]);
  expect(await read()).toEqual([{ style: 'Noir', object: { etag: 'b' }, length: 90, version: 2 }]);
  await downgrade(db, [films, whole], '-1');
  expect(await read()).toEqual([{ genre: 'Noir', object: { tag: 'b' }, version: 3 }]);
});

test('a change that is run again finds nothing left to do', async () => {
  await insert([{ genre: 'Noir', old: 'a' }]);
  const one = { rename: { genre: 'style' }, unset: ['old'], fill: { length: 90 } };
  const after = await change(one);
  await db.collection('migrations').updateOne(
    { name: '0002-change' },
    // As after a run that was killed before its first batch was recorded.
    { $set: { status: 'RUNNING' }, $unset: { progress: '' } },
  );
  expect(await change(one)).toEqual(after);
});
