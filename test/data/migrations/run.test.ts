import { expect, test } from 'vitest';
import { migrations } from '../../../migrations/index.ts';
import { readRecords } from '../../../src/data/migrations/records.ts';
import { downgrade, printDryRun, upgrade } from '../../../src/data/migrations/run.ts';
import { withClockAhead } from '../../harness/clocks.ts';
import { until } from '../../harness/until.ts';
import { database, everything, fill, migration, songs } from './given.ts';
import { play } from './play.ts';

const nothing = async () => {};
const three = ['0001-a', '0002-b', '0003-c'].map((id) => migration(id, nothing));

test('up to the head, down to the base and up again is the same database', async () => {
  const db = database();
  await upgrade(db, migrations);
  const first = await everything(db);
  expect((await downgrade(db, migrations, 'base')).done).toHaveLength(migrations.length);
  expect((await db.listCollections().toArray()).map(({ name }) => name).toSorted()).toEqual([
    'migrationLocks',
    'migrations',
    'sealingKeys',
  ]);
  await upgrade(db, migrations);
  expect(await everything(db)).toEqual(first);
});

test.each([
  ['+1', '-1', ['0001-a'], []],
  ['+2', '-1', ['0001-a', '0002-b'], ['0001-a']],
  ['0002-b', '0001', ['0001-a', '0002-b'], ['0001-a']],
  ['head', '-2', ['0001-a', '0002-b', '0003-c'], ['0001-a']],
  ['head', '0003-c', ['0001-a', '0002-b', '0003-c'], ['0001-a', '0002-b', '0003-c']],
  ['head', 'base', ['0001-a', '0002-b', '0003-c'], []],
])('upgrade %s, then downgrade %s', async (up, down, there, left) => {
  const db = database();
  const names = async () => (await readRecords(db)).map(({ name }) => name);
  expect((await upgrade(db, three, up)).done).toEqual(there);
  expect(await names()).toEqual(there);
  const undone = there.filter((id) => !(left as string[]).includes(id)).toReversed();
  expect((await downgrade(db, three, down)).done).toEqual(undone);
  expect(await names()).toEqual(left);
});

test('ids that are unknown, or not applied, are refused, and nothing happens', async () => {
  const db = database();
  await expect(upgrade(db, three, '0009')).rejects.toThrow('There is no migration 0009.');
  await expect(downgrade(db, three, '0002')).rejects.toThrow('The database does not have 0002-b.');
  await upgrade(db, three);
  await expect(downgrade(db, three.slice(0, 2), '-1')).rejects.toThrow(
    'The database has the migration 0003-c, which is not in this version of the code',
  );
  expect(await readRecords(db)).toHaveLength(3);
});

test('a migration that came later, with a lower number, is applied too', async () => {
  const db = database();
  const [a, b, c] = three;
  if (!a || !b || !c) throw new Error('Three there are.');
  await upgrade(db, [a, c]);
  expect((await upgrade(db, [a, b, c])).done).toEqual(['0002-b']);
});

test('two runners at once apply each migration once', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 1500);
  const both = [songs, migration('0002-play', play), migration('0003-again', play)];
  const runs = await Promise.all([1, 2, 3].map(() => upgrade(db, both)));
  expect(runs.flatMap(({ done }) => done)).toEqual(['0002-play', '0003-again']);
  expect(await db.collection('songs').countDocuments({ plays: 2 })).toBe(1500);
});

test('a long step keeps the lock: it is renewed, and another runner gives up', async () => {
  const db = database();
  const lock = () => db.collection<{ _id: string; until: Date }>('migrationLocks').findOne();
  const long = migration('0001-long', async () => {
    const taken = (await lock())?.until.getTime() ?? 0;
    await until('it was renewed', async () => ((await lock())?.until.getTime() ?? 0) > taken + 700);
    await expect(upgrade(db, [], 'head', { patience: 0 })).rejects.toThrow(
      'Another runner is migrating this database.',
    );
  });
  expect(await upgrade(db, [long], 'head', { lease: 600 })).toEqual({ done: ['0001-long'] });
  expect(await lock()).toBeNull();
});

test.each([
  ['documents', play],
  ['that it is done', nothing],
])('a runner that lost the lock does not write %s', async (_what, then) => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 10);
  const locks = db.collection<{ _id: string }>('migrationLocks');
  const robbed = migration('0002-robbed', async (m) => {
    await locks.updateOne({ _id: 'lock' }, { $set: { owner: 'another' } });
    await then(m);
  });
  await expect(upgrade(db, [songs, robbed])).rejects.toThrow(
    'Another runner took the migration lock over.',
  );
  expect(await db.collection('songs').countDocuments({ plays: 0 })).toBe(10);
  expect((await readRecords(db)).at(-1)).toMatchObject({ name: '0002-robbed', status: 'RUNNING' });
  expect(await locks.findOne()).toMatchObject({ owner: 'another' });
});

test('with little time left it stops between two batches, and the next call goes on', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 1500);
  const all = [songs, migration('0002-play', play), migration('0003-c', nothing)];
  const count = () => db.collection('songs').countDocuments({ plays: 1 });
  let asked = 0;
  const timeLeft = () => (++asked > 2 ? 59_000 : 61_000);
  expect(await upgrade(db, all, 'head', { timeLeft })).toEqual({
    done: [],
    unfinished: '0002-play',
  });
  expect(await count()).toBe(1000);
  const told: string[] = [];
  const tell = (line: string) => told.push(line);
  expect(await upgrade(db, all, 'head', { tell })).toEqual({ done: ['0002-play', '0003-c'] });
  expect(told[1]).toBe('  play: 1000 of 1500 songs');
  expect(await count()).toBe(1500);
});

test('a downgrade that was cut off is not taken for applied: upgrade does it all again', async () => {
  const db = database();
  let fails = true;
  const twoWay = migration(
    '0001-two-way',
    (m) =>
      m.createCollection('songs', { fields: {}, required: [], indexes: [{ key: { name: 1 } }] }),
    async (m) => {
      await m.dropIndex('songs', 'name_1');
      if (fails) throw new Error('cut off');
      await m.dropCollection('songs');
    },
  );
  await upgrade(db, [twoWay]);
  const whole = await everything(db);
  await expect(downgrade(db, [twoWay], 'base')).rejects.toThrow('cut off');
  expect(await everything(db)).not.toEqual(whole);
  expect(await readRecords(db)).toMatchObject([{ status: 'RUNNING' }]);
  expect((await upgrade(db, [twoWay])).done).toEqual(['0001-two-way']);
  expect(await everything(db)).toEqual(whole);
  fails = false;
  expect((await downgrade(db, [twoWay], 'base')).done).toEqual(['0001-two-way']);
});

test.each([
  ['', ['0001-old', '0002-older'].map((name) => ({ name, status: 'APPLIED' }))],
  [' and recorded in the oldest form', ['0001-old', '0002-older'].map((_id) => ({ _id }))],
])(
  'a database made by other migrations%s is refused, and nothing changes',
  async (_how, records) => {
    const db = database();
    await db.collection('migrations').insertMany(records as never[]);
    const before = [await everything(db), await db.collection('migrations').find().toArray()];
    const says =
      /^This database was made by migrations that are no longer in the code: 0001-old, 0002-older\.\n0001-a replaces them, and needs an empty database\. Nothing was changed\.\n/;
    await expect(upgrade(db, three)).rejects.toThrow(says);
    await expect(printDryRun(db, three, 'up', 'head', () => {})).rejects.toThrow(says);
    await expect(downgrade(db, three, 'base')).rejects.toThrow(
      'The database has the migration 0002-',
    );
    await db.dropCollection('migrationLocks');
    expect([await everything(db), await db.collection('migrations').find().toArray()]).toEqual(
      before,
    );
  },
);

test('a database that is ahead of the code is left as it is', async () => {
  const db = database();
  await upgrade(db, three);
  expect(await upgrade(db, three.slice(0, 2))).toEqual({ done: [] });
});

test('a number higher than that of the migrations is refused, and nothing happens', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await expect(downgrade(db, [songs], '-2')).rejects.toThrow(
    '2 migrations were asked for, but only 1 is applied.',
  );
  await expect(upgrade(db, [songs], '+1')).rejects.toThrow(
    '1 migrations were asked for, but only 0 are pending.',
  );
  expect((await downgrade(db, [songs], '-1')).done).toEqual([songs.id]);
});

test.each([10, -10])(
  'a runner whose clock is %i minutes ahead does not take a lock that is held',
  async (ahead) => {
    const db = database();
    const held = migration('0001-held', () =>
      withClockAhead(ahead * 60_000, () =>
        expect(upgrade(db, [], 'head', { patience: 0 })).rejects.toThrow(
          'Another runner is migrating this database.',
        ),
      ),
    );
    expect((await upgrade(db, [held])).done).toEqual(['0001-held']);
    const hold = migration('0002-held-by-another', () =>
      expect(upgrade(db, [], 'head', { patience: 0 })).rejects.toThrow('is migrating'),
    );
    const apart = () => upgrade(db, [held, hold]);
    expect((await withClockAhead(ahead * 60_000, apart)).done).toEqual(['0002-held-by-another']);
  },
);
