import { expect, test } from 'vitest';
import { migrations } from '../../../migrations/index.ts';
import { classify, explainMixed } from '../../../src/data/migrations/classify.ts';
import type { Steps } from '../../../src/data/migrations/migration.ts';
import { upgrade } from '../../../src/data/migrations/run.ts';
import { database, migration } from './given.ts';

type Work = (m: Steps) => Promise<void>;

/** Collections to begin with; what makes them only widens. */
const base = migration('0001-base', async (m) => {
  await m.createCollection('songs', {
    fields: {
      _id: 'id',
      name: { bsonType: 'string', minLength: 2, maxLength: 100 },
      key: { bsonType: 'string', enum: ['MAJOR', 'MINOR'] },
      plays: { bsonType: ['int', 'long', 'double'], multipleOf: 1, minimum: 0 },
      album: 'id',
      cover: { bsonType: 'binData' },
      free: { bsonType: 'object' },
      parts: {
        bsonType: 'array',
        maxItems: 5,
        items: {
          bsonType: 'object',
          additionalProperties: false,
          required: ['at'],
          properties: { at: { bsonType: 'int' }, note: { bsonType: 'string' } },
        },
      },
    },
    required: ['_id', 'name'],
    indexes: [{ key: { name: 1 } }, { key: { key: 1 }, unique: true }],
  });
  await m.seed('songs', []);
});

async function classifyOne(work: Work) {
  const [first, second] = await classify([base, migration('0002-it', work)]);
  expect(first?.kind).toBe('widening');
  return second;
}

const set =
  (path: string, field: object | 'id'): Work =>
  (m) =>
    m.changeValidator('songs', { set: { [path]: field } });

const WIDENING: Record<string, Work> = {
  nothing: async () => {},
  'a new collection, whatever its indexes are': async (m) => {
    const fields = { _id: 'id' as const };
    await m.createCollection('albums', {
      fields,
      required: ['_id'],
      indexes: [{ key: { name: 1 }, unique: true }],
    });
    await m.createIndex('albums', { at: 1 }, { expireAfterSeconds: 60 });
  },
  'a new field': set('mood', { bsonType: 'string' }),
  'a new field of the items of an array': set('parts.$[].mood', { bsonType: 'string' }),
  'a new object with fields that it must have': set('author', {
    bsonType: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: { name: { bsonType: 'string' } },
  }),
  'one more value': set('key', { bsonType: 'string', enum: ['MAJOR', 'MINOR', 'NONE'] }),
  'any value': set('key', { bsonType: 'string' }),
  'longer and shorter texts': set('name', { bsonType: 'string', minLength: 1, maxLength: 200 }),
  'texts of any length': set('name', { bsonType: 'string' }),
  'fractions, and less than nothing': set('plays', { bsonType: 'number', minimum: -1 }),
  'bytes that need not be an id': set('album', { bsonType: 'binData' }),
  'a field that is no longer required': (m) =>
    m.changeValidator('songs', { optional: ['name', 'parts.$[].at'] }),
  'an index': (m) => m.createIndex('songs', { plays: 1 }),
  'an index that need not be unique': (m) => m.dropIndex('songs', 'key_1'),
  'documents of the product': (m) => m.seed('songs', []),
  'values for what is missing': (m) => m.changeDocuments('songs', { fill: { plays: 0 } }),
  'no validator': (m) => m.setValidator('songs', {}),
};

const NARROWING: Record<string, Work> = {
  'a collection that is dropped': (m) => m.dropCollection('songs'),
  'a field that is gone': (m) => m.changeValidator('songs', { unset: ['plays'] }),
  'a field of items that is gone': (m) => m.changeValidator('songs', { unset: ['parts.$[].note'] }),
  'a field that is required': (m) => m.changeValidator('songs', { required: ['plays'] }),
  'one value fewer': set('key', { bsonType: 'string', enum: ['MAJOR'] }),
  'certain values alone': set('name', {
    ...{ bsonType: 'string', minLength: 2, maxLength: 100, enum: ['Aria', 'Bolero'] },
  }),
  'shorter texts': set('name', { bsonType: 'string', minLength: 2, maxLength: 50 }),
  'a form': set('name', { bsonType: 'string', minLength: 2, maxLength: 100, pattern: '^A' }),
  'bytes that must be an id': set('cover', 'id'),
  'certain fields alone': set('free', {
    bsonType: 'object',
    additionalProperties: false,
    properties: { a: { bsonType: 'string' } },
  }),
  'a unique index': (m) => m.createIndex('songs', { name: 1, key: 1 }, { unique: true }),
  'documents that expire': (m) => m.createIndex('songs', { at: 1 }, { expireAfterSeconds: 60 }),
  'an index less to read by': (m) => m.dropIndex('songs', 'name_1'),
  'documents of the product that go': (m) => m.unseed('songs', []),
  'documents that lose a field': (m) => m.changeDocuments('songs', { unset: ['plays'] }),
  'documents that are changed in any way': (m) => m.eachBatch('louder', 'songs', {}, () => []),
};

const MIXED: Record<string, Work> = {
  'a new field that is required': (m) =>
    m.changeValidator('songs', { set: { mood: { bsonType: 'string' } }, required: ['mood'] }),
  'a field with another name': (m) =>
    m.changeValidator('songs', { set: { title: { bsonType: 'string' } }, unset: ['name'] }),
  'another value in place of one': set('key', { bsonType: 'string', enum: ['MAJOR', 'NONE'] }),
  'another type': set('plays', { bsonType: 'string' }),
  'a validator that nobody can read': (m) => m.setValidator('songs', { name: { $gt: 'a' } }),
};

test.each(Object.entries(WIDENING))('%s widens', async (_, work) => {
  expect(await classifyOne(work)).toMatchObject({ kind: 'widening', narrows: [] });
});

test.each(Object.entries(NARROWING))('%s narrows', async (_, work) => {
  expect(await classifyOne(work)).toMatchObject({ kind: 'narrowing', widens: [] });
});

test.each(Object.entries(MIXED))('%s is to be two migrations', async (_, work) => {
  const found = await classifyOne(work);
  expect(found?.kind).toBe('mixed');
  expect(found && explainMixed(found)).toMatch(
    /^0002-it widens \(songs: .+\) and narrows \(songs: .+\)\. Make two of it: /,
  );
});

test('each migration of the product either widens or narrows', async () => {
  const mixed = (await classify(migrations)).filter(({ kind }) => kind === 'mixed');
  expect(mixed.map(explainMixed)).toEqual([]);
});

const wider = (id: string) => migration(id, set(`at${id}`, { bsonType: 'string' }));
const narrower = (id: string) =>
  migration(id, (m) => m.changeValidator('songs', { required: ['plays'] }));

test('"upgrade widening" applies what widens, and leaves what narrows for later', async () => {
  const db = database();
  const all = [base, wider('0002'), narrower('0003')];
  expect((await upgrade(db, all, 'widening')).done).toEqual(['0001-base', '0002']);
  expect((await upgrade(db, all, 'widening')).done).toEqual([]);
  expect((await upgrade(db, all, 'head')).done).toEqual(['0003']);
});

test('"upgrade widening" refuses to leave one out that narrows, and says what to do', async () => {
  const db = database();
  await upgrade(db, [base]);
  const all = [base, narrower('0002'), wider('0003')];
  await expect(upgrade(db, all, 'widening')).rejects.toThrow(
    '0002 narrows, is not applied yet, and stands before 0003, which widens. ' +
      'Apply 0002 first: by the release that brought it, once the functions of before are gone.',
  );
  const mixed = migration('0002', MIXED['a field with another name'] as Work);
  await expect(upgrade(db, [base, mixed], 'widening')).rejects.toThrow('Make two of it');
});
