import { Schema } from 'mongoose';
import { expect, test } from 'vitest';
import { type Entity, entity, ref } from '../../../src/data/entity.ts';
import { compare, describe } from '../../../src/data/migrations/compare.ts';
import {
  deriveDefinition,
  deriveDefinitions,
  readDefinitions,
} from '../../../src/data/migrations/definitions.ts';
import { createCollection } from '../../../src/data/migrations/operations.ts';
import { upgrade } from '../../../src/data/migrations/run.ts';
import { database } from './given.ts';

const collection = 'songs';

/** A model of the collection `songs`; the name is the test's own. */
function song(name: string, fields: object, indexes: [object, object?][] = []): Entity {
  const schema = new Schema({ name: { type: String, required: true, maxlength: 100 }, ...fields });
  for (const [key, options] of indexes) schema.index(key as never, options);
  return entity(name, () => schema, { about: 'A test.', collection });
}

/** What differs, once a database has been made of one model, from another. */
async function changes(before: Entity, after: Entity): Promise<string[]> {
  const db = database();
  await createCollection(db, collection, deriveDefinition(before));
  return compare(await readDefinitions(db), deriveDefinitions([after])).flatMap(describe);
}

test('what MongoDB adds to an index by itself, and the order of keys and lists, is no difference', async () => {
  const fields = {
    mood: { type: String, enum: ['GAY', 'SAD'] },
    album: ref('Album', { onDelete: 'unset' }),
  };
  const indexes: [object, object?][] = [
    [{ name: 1 }, { unique: true, collation: { locale: 'en', strength: 2, caseLevel: false } }],
    [{ createdAt: 1 }, { expireAfterSeconds: 60 }],
    [
      { album: 1, _id: -1 },
      { name: 'album', sparse: true },
    ],
    [{ mood: 1 }, { partialFilterExpression: { mood: 'SAD' } }],
  ];
  const before = song('Song1', fields, indexes);
  const { mood, album } = fields;
  const turned = { album, mood: { ...mood, enum: ['SAD', 'GAY'] } };
  expect(await changes(before, song('Song2', turned, indexes.toReversed()))).toEqual([]);
});

test('each change of a field is told, and a possible rename is asked about', async () => {
  const before = song('Song3', {
    genre: { type: String, maxlength: 50 },
    pace: Number,
    gone: Boolean,
    sound: { type: new Schema({ codec: String, rate: Number }, { _id: false }) },
  });
  const after = song('Song4', {
    name: { type: String, required: true, maxlength: 80 },
    style: { type: String, maxlength: 50 },
    pace: { type: Number, required: true },
    sound: { type: new Schema({ coding: String, rate: Number }, { _id: false }) },
    at: Date,
  });
  expect(await changes(before, after)).toEqual([
    'songs: field style is new',
    'songs: field sound.coding is new',
    'songs: field at is new',
    'songs: field genre is gone',
    'songs: field gone is gone',
    'songs: field sound.codec is gone',
    'songs: field name has changed',
    'songs: field pace is now required',
    'songs: was genre renamed to style?',
    'songs: was sound.codec renamed to sound.coding?',
  ]);
});

test('indexes that come, go, change or turn their keys round are told', async () => {
  const before = song('Song5', { a: Number, b: Number }, [
    [{ a: 1 }],
    [{ b: 1 }, { sparse: true }],
    [{ a: 1, b: 1 }, { name: 'both' }],
  ]);
  const after = song('Song6', { a: Number, b: Number }, [
    [{ b: 1 }, { unique: true }],
    [{ b: 1, a: 1 }, { name: 'both' }],
    [{ a: -1 }],
  ]);
  expect(await changes(before, after)).toEqual([
    'songs: index a_1 is not in the model',
    'songs: index b_1 is not in the model',
    'songs: index both is not in the model',
    'songs: index b_1 is missing',
    'songs: index both is missing',
    'songs: index a_-1 is missing',
  ]);
});

test('a validator that only warns is none, and the engine’s own collections are left out', async () => {
  const db = database();
  const { validator } = deriveDefinition(song('Song7', {}));
  await upgrade(db, []);
  await db.createCollection(collection, { validator, validationAction: 'warn' });
  await db.createCollection('scratch');
  const differences = compare(await readDefinitions(db), deriveDefinitions([song('Song8', {})]));
  expect(differences).toMatchObject([
    { kind: 'extra', collection: 'scratch' },
    { kind: 'changed', collection, validator: { before: {} } },
  ]);
});
