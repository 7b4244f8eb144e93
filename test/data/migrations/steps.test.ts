import { expect, test } from 'vitest';
import type { Stored } from '../../../src/data/entity.ts';
import { UUID } from '../../../src/data/ids.ts';
import type { Steps } from '../../../src/data/migrations/migration.ts';
import { downgrade, printDryRun, upgrade } from '../../../src/data/migrations/run.ts';
import { database, everything, fill, migration, songs } from './given.ts';

const fields = { _id: 'id' as const, name: { bsonType: 'string' } };

const steps: Record<string, (m: Steps) => Promise<void>> = {
  createCollection: (m) =>
    m.createCollection('albums', { fields, required: ['name'], indexes: [{ key: { a: 1 } }] }),
  'createCollection of one that exists': (m) =>
    m.createCollection('songs', {
      fields,
      required: ['name'],
      indexes: [{ key: { plays: 1 }, sparse: true }],
    }),
  changeValidator: (m) =>
    m.changeValidator('songs', {
      set: { album: 'id', name: { bsonType: 'string', maxLength: 9 } },
      unset: ['isOld'],
      required: ['album', 'plays'],
      optional: ['name'],
    }),
  setValidator: (m) => m.setValidator('songs', { $jsonSchema: { bsonType: 'object' } }),
  'setValidator to none': (m) => m.setValidator('songs', {}),
  createIndex: (m) => m.createIndex('songs', { plays: -1, name: 1 }, { name: 'charts' }),
  dropIndex: (m) => m.dropIndex('songs', 'name_1'),
  dropCollection: (m) => m.dropCollection('songs'),
};

test.each(Object.entries(steps))(
  '%s changes the database, and run again it changes nothing more',
  async (_name, step) => {
    const db = database();
    await upgrade(db, [songs]);
    const before = await everything(db);
    const migrations = [songs, migration('0002-step', step)];
    await upgrade(db, migrations);
    const after = await everything(db);
    expect(after).not.toEqual(before);
    // As a run that was killed before it could say that it was done.
    await db
      .collection('migrations')
      .updateOne({ name: '0002-step' }, { $set: { status: 'RUNNING' } });
    expect((await upgrade(db, migrations)).done).toEqual(['0002-step']);
    expect(await everything(db)).toEqual(after);
  },
);

test('a unique index that duplicates forbid says which, and is built once they are gone', async () => {
  const db = database();
  await upgrade(db, [songs]);
  const collection = db.collection('songs');
  await collection.insertMany(
    ['Aria', 'Aria', 'Bolero'].map((name) => ({ _id: new UUID(), name })) as never[],
  );
  const migrations = [
    songs,
    migration('0002-unique', (m) => m.createIndex('songs', { name: 1, x: 1 }, { unique: true })),
  ];
  await expect(upgrade(db, migrations)).rejects.toThrow(
    /^The index name_1_x_1 of songs must be unique, but more than one document has {"name":"Aria","x":null}\./,
  );
  await collection.deleteOne({ name: 'Aria' });
  expect((await upgrade(db, migrations)).done).toEqual(['0002-unique']);
});

test('batches change every document that matches, each once, and tell how far they are', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 1234);
  await db.collection('songs').updateMany({ name: /7$/ }, { $set: { isOld: true } });
  const told: string[] = [];
  const play = migration('0002-play', (m) =>
    m.eachBatch('play', 'songs', { isOld: { $exists: false } }, (documents) =>
      documents.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $inc: { plays: 1 } } },
      })),
    ),
  );
  await upgrade(db, [songs, play], 'head', { tell: (line) => told.push(line) });
  const count = (filter: object) => db.collection('songs').countDocuments(filter);
  expect(await count({ isOld: true })).toBe(123);
  expect(await count({ plays: 1, isOld: { $exists: false } })).toBe(1111);
  expect(await count({ plays: 0, isOld: true })).toBe(123);
  expect(told).toEqual([
    '0002-play',
    '  play: 0 of 1111 songs',
    '  play: 500 of 1111 songs',
    '  play: 1000 of 1111 songs',
    '  play: 1111 of 1111 songs',
  ]);
});

test('a batch that the validator refuses names a document, and none of the batch is written', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 10);
  const strip = migration('0002-strip', (m) =>
    m.eachBatch('strip', 'songs', {}, (documents) =>
      documents.map(({ _id }, n) => ({
        updateOne: {
          filter: { _id },
          update: n < 5 ? { $inc: { plays: 1 } } : { $unset: { name: '' } },
        },
      })),
    ),
  );
  await expect(upgrade(db, [songs, strip])).rejects.toThrow(
    /^strip: songs [0-9a-f-]{36} does not fit its validator\.$/,
  );
  expect(await db.collection('songs').countDocuments({ plays: 1 })).toBe(0);
});

test('two steps of one name and collection are refused: they would share their position', async () => {
  const db = database();
  const twice = migration('0001-twice', async (m) => {
    await m.eachBatch('same', 'songs', {}, () => []);
    await m.eachBatch('same', 'songs', {}, () => []);
  });
  await expect(upgrade(db, [twice])).rejects.toThrow('Two steps of 0001-twice are called "same".');
});

test('a dry run tells each step and writes nothing, not even its own collections', async () => {
  const db = database();
  const all = migration('0002-all', async (m) => {
    for (const step of Object.values(steps)) await step(m);
    await m.eachBatch('play', 'songs', {}, () => []);
    await m.changeDocuments('songs', { rename: { a: 'b' }, unset: ['c.d', 'e'], fill: { f: 1 } });
  });
  const told: string[] = [];
  const tell = (line: string) => told.push(line);
  expect(await printDryRun(db, [songs, all], 'up', 'head', tell)).toEqual([
    '0001-songs',
    '0002-all',
  ]);
  expect(told).toEqual([
    '0001-songs',
    '  would create collection songs, indexes: 1',
    '0002-all',
    '  would create collection albums, indexes: 1',
    '  would create collection songs, indexes: 1',
    '  would change validator of songs: set album, name; unset isOld; required album, plays; optional name',
    '  would set validator of songs',
    '  would set validator of songs',
    '  would create index charts of songs',
    '  would drop index name_1 of songs',
    '  would drop collection songs',
    '  would play: 0 documents of songs by now',
    '  would rename a to b; unset c.d, e; fill f: 0 documents of songs by now',
  ]);
  expect(await everything(db)).toEqual([]);

  await upgrade(db, [songs]);
  const before = await everything(db);
  expect(await printDryRun(db, [songs], 'down', 'base', tell)).toEqual(['0001-songs']);
  expect(told.at(-1)).toBe('  would drop collection songs');
  expect(await everything(db)).toEqual(before);
  expect((await downgrade(db, [songs], 'base')).done).toEqual(['0001-songs']);
});

test('a seed is there once, leaves what people changed or made of its name, and goes again', async () => {
  const db = database();
  await upgrade(db, [songs]);
  const collection = db.collection<Stored>('songs');
  await collection.createIndex({ name: 1 }, { name: 'unique', unique: true });
  const [aria, bolero] = ['Aria', 'Bolero'].map((name) => ({ _id: new UUID(), name }));
  const seeds = [aria, bolero] as Stored[];
  await collection.insertOne({ _id: new UUID(), name: 'Bolero' });
  const step = migration('0002-seed', (m) => m.seed('songs', seeds));
  step.down = (m) => m.unseed('songs', seeds);
  await upgrade(db, [songs, step]);
  await collection.updateOne({ name: 'Aria' }, { $set: { plays: 7 } });
  await db
    .collection('migrations')
    .updateOne({ name: '0002-seed' }, { $set: { status: 'RUNNING' } });
  await upgrade(db, [songs, step]);
  const there = await collection.find().sort({ name: 1 }).toArray();
  expect(there.map(({ name, plays }) => [name, plays])).toEqual([
    ['Aria', 7],
    ['Bolero', undefined],
  ]);
  await downgrade(db, [songs, step], '-1');
  expect(await collection.distinct('name')).toEqual(['Bolero']);
});
