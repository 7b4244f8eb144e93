import { expect, test } from 'vitest';
import { buildNewValidator } from '../../../src/data/migrations/change-validator.ts';
import { compare, type Difference } from '../../../src/data/migrations/compare.ts';
import { findEffects } from '../../../src/data/migrations/find-effects.ts';
import type { Index, NewCollection } from '../../../src/data/migrations/migration.ts';
import { splitDifferences } from '../../../src/data/migrations/split-differences.ts';

const before: NewCollection = {
  fields: {
    _id: 'id',
    name: { bsonType: 'string', maxLength: 100 },
    genre: { bsonType: 'string' },
    key: { bsonType: 'string', enum: ['MAJOR', 'MINOR'] },
  },
  required: ['_id', 'name'],
  indexes: [{ key: { name: 1 } }, { key: { genre: 1 } }, { key: { key: 1 }, unique: true }],
};

/** What differs when a collection becomes this, for the two migrations. */
function split(change: Partial<NewCollection>) {
  const define = (collection: NewCollection) => ({
    validator: buildNewValidator(collection),
    indexes: collection.indexes,
  });
  const [is, must] = [before, { ...before, ...change }].map(
    (one) => new Map([['songs', define(one)]]),
  );
  if (!is || !must) throw new Error('There are two.');
  return splitDifferences(compare(is, must));
}

function effectsOf(differences: Difference[]) {
  const [only, ...others] = differences;
  expect(others).toEqual([]);
  if (only?.kind !== 'changed' || !only.validator) throw new Error('No validator has changed.');
  return findEffects(only.validator.before, only.validator.after);
}

test('new fields and looser bounds go first, and what is gone or required after', () => {
  const { genre: _, ...kept } = before.fields;
  const fields = {
    ...kept,
    style: { bsonType: 'string' },
    mood: { bsonType: 'string' },
    name: { bsonType: 'string', maxLength: 200 },
    key: { bsonType: 'string', enum: ['MAJOR'] },
  };
  const { widening, narrowing } = split({ fields, required: ['_id', 'mood'] });
  expect(effectsOf(widening)).toEqual({
    widens: [
      'field style is new',
      'field mood is new',
      'field name is no longer required',
      'field name accepts more',
    ],
    narrows: [],
  });
  expect(effectsOf(narrowing)).toEqual({
    widens: [],
    narrows: ['field genre is gone', 'field mood is now required', 'field key accepts fewer'],
  });
  // A question about a new name is about the way from the first to the last.
  const [last] = narrowing;
  expect(last?.kind === 'changed' && last.validator?.asked).toEqual(buildNewValidator(before));
});

test('what only widens, or only narrows, stays one', () => {
  const { genre, ...kept } = before.fields;
  expect(split({ fields: { ...before.fields, mood: { bsonType: 'string' } } }).narrowing).toEqual(
    [],
  );
  expect(split({ fields: kept }).widening).toEqual([]);
  expect(split({}).widening).toEqual([]);
  expect(genre).toBeDefined();
});

test('indexes to read by come first and go last, unique ones go first and come last', () => {
  const changed: Index = { key: { name: 1 }, sparse: true };
  const unique: Index = { key: { key: 1, name: 1 }, unique: true };
  const plain: Index = { key: { name: 1, key: 1 } };
  const { widening, narrowing } = split({ indexes: [changed, unique, plain] });
  expect(widening).toMatchObject([
    { dropped: [{ key: { key: 1 } }], created: [{ key: plain.key }] },
  ]);
  const gone = [{ key: { name: 1 } }, { key: { genre: 1 } }];
  expect(narrowing).toMatchObject([{ dropped: gone, created: [changed, unique] }]);
});
