import { expect, test } from 'vitest';
import { migrations } from '../../../migrations/index.ts';
import { newId } from '../../../src/data/ids.ts';
import { downgrade, upgrade } from '../../../src/data/migrations/run.ts';
import { database } from './given.ts';

const derivative = { name: 'preview', contentType: 'audio/mp4', size: 5 };

/** A track as it was READY before derivatives had statuses. */
function track() {
  const now = new Date();
  return {
    ...{ _id: newId(now.getTime()), user: newId(now.getTime()), project: newId(now.getTime()) },
    ...{ name: 'Song', fileName: 'song.mp3', contentType: 'audio/mpeg', size: 5, progress: 100 },
    ...{ filePath: 'media/a/original', status: 'READY', derivatives: [derivative] },
    ...{ derivativesPath: 'media/a/derivatives/1', createdAt: now, updatedAt: now, version: 2 },
  };
}

test('media from before the statuses of derivatives keep them, there and back', async () => {
  const db = database();
  await upgrade(db, migrations, '0004');
  const tracks = db.collection('tracks');
  const old = track();
  await tracks.insertOne(old as never);
  const { derivatives: _, derivativesPath: __, ...awaited } = track();
  await tracks.insertOne({ ...awaited, status: 'AWAITING_UPLOAD' } as never);
  await upgrade(db, migrations);
  const read = () => tracks.findOne({ _id: old._id as never });
  expect((await read())?.derivatives).toEqual([{ ...derivative, status: 'READY' }]);
  // The validators of both ends take it.
  const audio = { silence: { leadingSeconds: 1 }, clipping: { runs: 0 } };
  const set = { stands: true, analysis: { bpm: 120, ...audio } };
  await tracks.updateOne({ _id: old._id as never }, { $set: set });
  await downgrade(db, migrations, '0004');
  expect(await read()).toMatchObject({ derivatives: [derivative], analysis: { bpm: 120 } });
  expect(await read()).not.toHaveProperty('stands');
  await tracks.updateOne({ _id: old._id as never }, { $set: { name: 'Another' } });
});

test('the kinds of versions and of the trash are written as other enums are, there and back', async () => {
  const db = database();
  await upgrade(db, migrations, '0005');
  const { progress, filePath, status, derivatives, derivativesPath, ...file } = track();
  const trashed = { ...file, kind: 'Track', expiresAt: new Date(), content: { status: 'READY' } };
  const trash = db.collection('trashedMedia');
  await trash.insertOne(trashed as never);
  const version = { ...file, progress, filePath, status, kind: 'Image' };
  const { name, project, ...rest } = version;
  const versions = db.collection('mediumVersions');
  await versions.insertOne({ ...rest, image: newId(Date.now()) } as never);
  await upgrade(db, migrations);
  const kinds = async () => [(await trash.findOne())?.kind, (await versions.findOne())?.kind];
  expect(await kinds()).toEqual(['TRACK', 'IMAGE']);
  await versions.updateOne({}, { $set: { object: { etag: 'a', job: newId(Date.now()) } } });
  await downgrade(db, migrations, '0005');
  expect(await kinds()).toEqual(['Track', 'Image']);
  expect(await versions.findOne()).toMatchObject({ object: { etag: 'a' } });
  expect((await versions.findOne())?.object).not.toHaveProperty('job');
  await versions.updateOne({}, { $set: { fileName: 'b.png' } });
});
