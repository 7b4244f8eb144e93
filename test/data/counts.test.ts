import '../harness/place.ts';
import { expect, test } from 'vitest';
import { countIn } from '../../src/data/counts.ts';
import { UUID } from '../../src/data/ids.ts';
import { Project } from '../../src/models/projects/project.ts';
import { adminCollection } from '../harness/admin.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const count = (id: UUID) =>
  countIn(Project, { _id: id, deletedAt: { $exists: false } }, 'trackCount');

test('children of several parents that come at once are counted in each, and one without a parent is told', async () => {
  const alice = await given.user();
  const [first, second] = [await alice.project(), await alice.project()];
  const [one, two, none] = [new UUID(first.id), new UUID(second.id), new UUID()];
  expect(await Promise.all([one, two, none, one].map(count))).toEqual([true, true, false, true]);
  const found = await Project.collection.find({ _id: { $in: [one, two] } }).toArray();
  expect(found.map(({ trackCount }) => trackCount).sort()).toEqual([1, 2]);
});

test('what the database refuses of one parent is no error of the children of others', async () => {
  const alice = await given.user();
  const [first, second] = [await alice.project(), await alice.project()];
  const [one, broken] = [new UUID(first.id), new UUID(second.id)];
  // Its count cannot grow: it is no number.
  const options = { bypassDocumentValidation: true };
  await adminCollection(Project).updateOne({ _id: broken }, { $set: { trackCount: 'x' } }, options);
  const [good, bad] = await Promise.allSettled([one, broken].map(count));
  expect([good, bad?.status]).toEqual([{ status: 'fulfilled', value: true }, 'rejected']);
});
