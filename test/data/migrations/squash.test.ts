import { expect, test } from 'vitest';
import { UUID } from '../../../src/data/ids.ts';
import { buildNewValidator } from '../../../src/data/migrations/change-validator.ts';
import type { Definitions } from '../../../src/data/migrations/definitions.ts';
import type { NewCollection } from '../../../src/data/migrations/migration.ts';
import { squash } from '../../../src/data/migrations/squash.ts';
import { migration } from './given.ts';

const songs: NewCollection = {
  fields: { _id: 'id', name: { bsonType: 'string' } },
  required: ['_id', 'name'],
  indexes: [{ key: { name: 1 } }],
};
const [aria, bolero] = ['Aria', 'Bolero'].map((name) => ({ _id: new UUID(), name }));
if (!aria || !bolero) throw new Error('There are two.');

const migrations = [
  migration(
    '0001-a',
    async (m) => {
      await m.createCollection('songs', songs);
      await m.createCollection('keys', songs);
      await m.createCollection('drafts', songs);
      await m.seed('songs', [aria]);
      await m.seed('drafts', [aria]);
    },
    (m) => m.dropCollection('songs'),
  ),
  migration('0002-b', async (m) => {
    await m.seed('songs', [bolero]);
    await m.unseed('songs', [aria]);
    await m.dropCollection('drafts');
  }),
];

function models(collection: NewCollection): Definitions {
  const definition = { validator: buildNewValidator(collection), indexes: collection.indexes };
  return new Map(['keys', 'songs'].map((name) => [name, definition]));
}

test('one migration has the collections of the models, what is seeded by now, and what stays', async () => {
  const { id, differences, seeds, kept } = await squash(migrations, models(songs));
  expect(id).toMatch(/^0001-first-[0-9a-f]{6}$/);
  expect(differences.map(({ kind, collection }) => [kind, collection])).toEqual([
    ['missing', 'keys'],
    ['missing', 'songs'],
  ]);
  expect([...(seeds ?? [])]).toEqual([['songs', [bolero]]]);
  expect(kept).toEqual(['keys']);
});

test('its id is another as soon as the database that it makes is another', async () => {
  const { id } = await squash(migrations, models(songs));
  expect((await squash(migrations, models(songs))).id).toBe(id);
  const others = [
    squash(migrations, models({ ...songs, required: ['_id'] })),
    squash(migrations, models({ ...songs, indexes: [] })),
    squash(migrations.slice(0, 1), models(songs)),
    squash([], models(songs)),
  ];
  const ids = (await Promise.all(others)).map((draft) => draft.id);
  expect(new Set([id, ...ids]).size).toBe(5);
});
