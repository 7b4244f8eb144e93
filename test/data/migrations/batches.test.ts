import mongoose from 'mongoose';
import { expect, test, vi } from 'vitest';
import { upgrade } from '../../../src/data/migrations/run.ts';
import { database, fill, migration, songs } from './given.ts';

const { ClientSession } = mongoose.mongo;

test('a document that others change so that a step no longer concerns it is left to them', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 3);
  const all = db.collection('songs');
  const { withTransaction } = ClientSession.prototype;
  const age = migration('0002-age', async (m) => {
    // After the batch was looked up, and before its transaction.
    vi.spyOn(ClientSession.prototype, 'withTransaction').mockImplementationOnce(async function (
      this: InstanceType<typeof ClientSession>,
      ...args
    ) {
      await all.updateOne({ name: 'song 1' }, { $set: { plays: 7 } });
      return withTransaction.apply(this, args);
    } as typeof withTransaction);
    await m.eachBatch('age', 'songs', { plays: 0 }, (documents) =>
      documents.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $set: { plays: 1, isOld: true } } },
      })),
    );
  });
  await upgrade(db, [songs, age]);
  const found = await all.find().sort({ name: 1 }).toArray();
  expect(found.map(({ plays, isOld }) => [plays, isOld])).toEqual([
    [1, true],
    [7, undefined],
    [1, true],
  ]);
});

test('a batch whose position could not be written has not happened, and is done by the next run', async () => {
  const db = database();
  await upgrade(db, [songs]);
  await fill(db, 3);
  const { prototype } = mongoose.mongo.Collection;
  const count = () => db.collection('songs').countDocuments({ plays: 1 });
  let fails = true;
  const plays = migration('0002-plays', (m) =>
    m.eachBatch('plays', 'songs', {}, (documents) => {
      // What is updated next is the record of the migration.
      if (fails) vi.spyOn(prototype, 'updateOne').mockRejectedValueOnce(new Error('cut off'));
      fails = false;
      return documents.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $inc: { plays: 1 } } },
      }));
    }),
  );
  await expect(upgrade(db, [songs, plays])).rejects.toThrow('cut off');
  expect(await count()).toBe(0);
  await upgrade(db, [songs, plays]);
  expect(await count()).toBe(3);
});
