import '../harness/place.ts';
import { expect, test } from 'vitest';
import { deleteAll, fill } from '../../bench/fill.ts';
import { Track } from '../../src/models/media/track.ts';

test('the documents that the benchmark fills the database with pass its validators', async () => {
  await fill({ users: 2, projects: 1, tracks: 3 });
  expect(await Track.collection.countDocuments()).toBe(6);
  await deleteAll();
  expect(await Track.collection.countDocuments()).toBe(0);
});
