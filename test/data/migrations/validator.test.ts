import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Stored } from '../../../src/data/entity.ts';
import { newId, UUID } from '../../../src/data/ids.ts';
import { toCanonicalText } from '../../../src/data/migrations/canonical-text.ts';
import { applyChange, buildNewValidator } from '../../../src/data/migrations/change-validator.ts';
import { readValidator } from '../../../src/data/migrations/definitions.ts';
import { findChange } from '../../../src/data/migrations/find-change.ts';
import type {
  FieldSchema,
  NewCollection,
  ValidatorChange,
} from '../../../src/data/migrations/migration.ts';
import { downgrade, upgrade } from '../../../src/data/migrations/run.ts';
import { database, migration } from './given.ts';

const text = { bsonType: 'string' };

/** An object without other fields than these. */
function object(properties: Record<string, object>, required: string[] = []): object {
  const rest = { ...(required.length > 0 && { required }), properties };
  return { bsonType: 'object', additionalProperties: false, ...rest };
}

const films: NewCollection = {
  fields: {
    _id: 'id',
    name: text,
    studio: 'id',
    director: 'id',
    object: object({ etag: text, size: { bsonType: 'int' } }, ['etag']),
    parts: { bsonType: 'array', items: object({ name: text, at: text }, ['at']) },
    tags: { bsonType: 'array', items: text },
  },
  required: ['_id', 'name', 'director'],
  indexes: [],
};

const good = () => ({ _id: newId(Date.now()), name: 'Film', director: new UUID() });

type Case = [name: string, up: ValidatorChange, down: ValidatorChange, fits: object, bad: object];

const cases: Case[] = [
  [
    'a field is added',
    { set: { genre: text } },
    { unset: ['genre'] },
    { genre: 'Noir' },
    { genre: 1 },
  ],
  [
    'a required field is added',
    { set: { genre: text }, required: ['genre'] },
    { unset: ['genre'] },
    { genre: 'Noir' },
    {},
  ],
  [
    'a field is added in an object',
    { set: { 'object.job': 'id' } },
    { unset: ['object.job'] },
    { object: { etag: 'a', job: new UUID() } },
    { object: { etag: 'a', job: 'b' } },
  ],
  [
    'a required field is added to the items of an array',
    { set: { 'parts.$[].length': { bsonType: 'int' } }, required: ['parts.$[].length'] },
    { unset: ['parts.$[].length'] },
    { parts: [{ at: 'a', length: 1 }] },
    { parts: [{ at: 'a' }] },
  ],
  [
    'an object is added with what is in it',
    { set: { poster: object({ path: text }, ['path']) } },
    { unset: ['poster'] },
    { poster: { path: 'a' } },
    { poster: {} },
  ],
  [
    'an id is added: a range beside the schema',
    { set: { album: 'id' } },
    { unset: ['album'] },
    { album: new UUID() },
    { album: Buffer.of(1) },
  ],
  [
    'a required id is added',
    { set: { album: 'id' }, required: ['album'] },
    { unset: ['album'] },
    { album: new UUID() },
    {},
  ],
  [
    'an id becomes required',
    { required: ['studio'] },
    { optional: ['studio'] },
    { studio: new UUID() },
    {},
  ],
  [
    'an id becomes optional, and is an id still',
    { optional: ['director'] },
    { required: ['director'] },
    { director: undefined },
    { director: Buffer.of(1) },
  ],
  [
    'an id becomes a text',
    { set: { director: text } },
    { set: { director: 'id' } },
    { director: 'Varda' },
    { director: new UUID() },
  ],
  [
    'a field is removed',
    { unset: ['name'] },
    { set: { name: text }, required: ['name'] },
    { name: undefined },
    {},
  ],
  [
    'a field of an object is removed, and its last required one',
    { unset: ['object.etag'] },
    { set: { 'object.etag': text }, required: ['object.etag'] },
    { object: { size: 1 } },
    { object: { etag: 'a' } },
  ],
  [
    'a field of items becomes optional, another required',
    { required: ['parts.$[].name'], optional: ['parts.$[].at'] },
    { required: ['parts.$[].at'], optional: ['parts.$[].name'] },
    { parts: [{ name: 'a' }] },
    { parts: [{ at: 'a' }] },
  ],
  [
    'what a field and the items of an array must be is changed',
    { set: { name: { ...text, maxLength: 4 }, 'tags.$[]': { bsonType: 'int' } } },
    { set: { name: text, 'tags.$[]': text } },
    { tags: [1] },
    { tags: ['a'] },
  ],
];

test.each(cases)('%s, and back: only what fits is taken', async (_name, up, down, fits, bad) => {
  const db = database();
  const all = [
    migration('0001-films', (m) => m.createCollection('films', films)),
    migration(
      '0002-change',
      (m) => m.changeValidator('films', up),
      (m) => m.changeValidator('films', down),
    ),
  ];
  const read = async () => toCanonicalText(await readValidator(db, 'films'));
  const isTaken = async (document: object) => {
    const { insertedId } = await db
      .collection<Stored>('films')
      .insertOne({ ...good(), ...document }, { ignoreUndefined: true })
      .catch((error) => (error.code === 121 ? { insertedId: null } : Promise.reject(error)));
    return insertedId !== null;
  };
  await upgrade(db, all, '0001');
  const before = await read();
  await upgrade(db, all);
  expect(await isTaken(fits)).toBe(true);
  expect(await isTaken(bad)).toBe(false);

  // As after a run that was killed before it could record its end.
  const after = await read();
  await db
    .collection('migrations')
    .updateOne({ name: '0002-change' }, { $set: { status: 'RUNNING' } });
  expect((await upgrade(db, all)).done).toEqual(['0002-change']);
  expect(await read()).toBe(after);

  await downgrade(db, all, '-1');
  expect(await read()).toBe(before);
  expect(await isTaken({})).toBe(true);
});

test('two changes of one validator do not undo each other', async () => {
  const db = database();
  const all = [
    migration('0001-films', (m) => m.createCollection('films', films)),
    migration('0002-a', (m) => m.changeValidator('films', { set: { 'object.a': text } })),
    migration('0003-b', (m) => m.changeValidator('films', { set: { 'object.b': text } })),
  ];
  await upgrade(db, all);
  const object = { etag: 'e', a: 'a', b: 'b' };
  await db.collection('films').insertOne({ ...good(), object } as never);
});

const validator = buildNewValidator(films);

test.each<[string, ValidatorChange, string]>([
  ['below a field that is not there', { set: { 'a.b': text } }, 'no field that could hold a.b'],
  ['of a field that is not there', { required: ['genre'] }, 'no field genre to be required'],
])('a change %s is refused', (_name, change, message) => {
  expect(() => applyChange(validator, change)).toThrow(message);
});

test('a validator of another form is refused, and so is a collection that does not exist', async () => {
  const db = database();
  const change = (name: string) => [
    migration('0001-x', (m) => m.changeValidator(name, { unset: ['a'] })),
  ];
  await expect(upgrade(db, change('nothing'))).rejects.toThrow('There is no collection nothing.');
  const byHand = { $and: [...validator.$and, { name: { $ne: 'Film' } }] };
  for (const other of [{}, { $jsonSchema: { bsonType: 'object' } }, byHand]) {
    expect(() => applyChange(other, {})).toThrow('Only a validator that was made of a model');
    expect(findChange(validator, other)).toBeUndefined();
    expect(findChange(other, validator)).toBeUndefined();
  }
});

// Few names, so that two validators have many of them in common.
const names = fc.constantFrom('a', 'b', 'c');
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<object>(text, { bsonType: 'int', minimum: 1 }, { bsonType: 'binData' }),
    fc
      .tuple(fc.dictionary(names, tie('schema'), { minKeys: 1 }), fc.uniqueArray(names))
      .map(([fields, required]) =>
        object(
          fields,
          required.filter((name) => name in fields),
        ),
      ),
    fc
      .tuple(tie('schema'), fc.option(fc.constant({ maxItems: 9 })))
      .map(([items, bounds]) => ({ bsonType: 'array', items, ...bounds })),
  ),
}));
const validators = fc
  .tuple(
    fc.dictionary(names, fc.oneof(schema, fc.constant<FieldSchema>('id'))),
    fc.uniqueArray(names),
  )
  .map(([fields, required]) =>
    buildNewValidator({
      fields: { ...fields, _id: 'id' },
      required: ['_id', ...required.filter((name) => name in fields)],
      indexes: [],
    }),
  );

test('any two validators of models lead to each other by paths', () => {
  fc.assert(
    fc.property(validators, validators, (before, after) => {
      const change = findChange(before, after);
      if (!change) throw new Error('No change was found.');
      const changed = applyChange(before, change);
      expect(toCanonicalText(changed)).toBe(toCanonicalText(after));
      expect(toCanonicalText(applyChange(changed, change))).toBe(toCanonicalText(after));
    }),
    { numRuns: 200 },
  );
});
