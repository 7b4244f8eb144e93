import '../harness/place.ts';
import { expect, test } from 'vitest';
import { handler } from '../../functions/check-references.ts';
import { systemCtx } from '../../src/context.ts';
import { entities, entityNamed } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { type Reference, referencesOf } from '../../src/data/references.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { checkAllReferences } from '../../src/services/maintenance/references/check.ts';
import {
  correctCounts,
  findMiscounted,
} from '../../src/services/maintenance/references/counters.ts';
import { enqueueSweep } from '../../src/services/removal/sweep-job.ts';
import { adminCollection } from '../harness/admin.ts';
import { chance } from '../harness/chance.ts';
import { type Everything, everything } from '../harness/everything.ts';
import { given } from '../harness/given.ts';
import { inParallel } from '../harness/in-parallel.ts';
import { invocation } from '../harness/invocations.ts';
import { bodyFor } from '../harness/operations.ts';
import { place } from '../harness/place.ts';

place({ worker: false });

const runs = () => handler({}, invocation());
const raw = { bypassDocumentValidation: true };

const references = [...entities.values()].flatMap((entity) =>
  referencesOf(entity)
    .filter((r) => r.onDelete !== 'keep')
    .map((r) => [`${entity.name}.${r.path}`, entity, r] as const),
);

/** A document that has nothing but a reference to what was never there. */
function broken({ path, array }: Reference) {
  const _id = newId(Date.now());
  const nowhere = newId(Date.now());
  if (!array) return { _id, ...nested(path, nowhere) };
  return { _id, [array]: [{}, nested(path.slice(array.length + 1), nowhere)] };
}

function nested(path: string, value: unknown): Record<string, unknown> {
  const [first = '', ...rest] = path.split('.');
  return { [first]: rest.length > 0 ? nested(rest.join('.'), value) : value };
}

test.each(references)(
  'a broken reference %s is found and named',
  async (_name, entity, reference) => {
    const document = broken(reference);
    await adminCollection(entity).insertOne(document as never, raw);
    try {
      const { broken: found } = await runs();
      const { path, to } = reference;
      const examples = [document._id.toString()];
      expect(found).toEqual([{ entity: entity.name, path, to, count: 1, examples }]);
    } finally {
      await adminCollection(entity).deleteOne({ _id: document._id });
    }
  },
);

test('of many broken references all are counted and five are listed', async () => {
  const documents = Array.from({ length: 2500 }, () => ({ _id: newId(1), project: newId(1) }));
  await adminCollection(Track).insertMany(documents as never, raw);
  const { checked, broken: found } = await runs();
  await Track.collection.deleteMany({ _id: { $in: documents.map((d) => d._id) } });
  expect(checked).toBeGreaterThanOrEqual(2500);
  expect(found).toMatchObject([{ entity: 'Track', path: 'project', count: 2500 }]);
  expect(found[0]?.examples).toHaveLength(5);
});

test('documents of every entity, created and deleted at random, leave no broken reference', async () => {
  const people = await Promise.all([everything(), everything(), everything()]);
  const kinds = ['projects', 'tracks', 'images', 'videos', 'comfyui/executions', 'exports'];
  const { below } = chance();
  await inParallel(Array.from({ length: 90 }), async () => {
    const all = people[below(people.length)] as Everything;
    const { person, ids } = all;
    const path = `/v1/${kinds[below(kinds.length)]}`;
    if (below(3) > 0) {
      const project = below(2) > 0 ? (await person.project()).id : ids.Project;
      const body = { ...bodyFor('createTrack', all), project };
      // Its project may have gone meanwhile.
      expect([201, 422]).toContain((await person.post('/v1/tracks', body)).status);
      return;
    }
    const { body } = await person.get<{ data: { id: string }[] }>(`${path}?limit=3`);
    for (const { id } of body.data) await person.delete(`${path}/${id}`);
  });
  const { checked, broken: found, recounted } = await runs();
  expect(found).toEqual([]);
  expect(recounted).toBe(0);
  expect(checked).toBeGreaterThan(100);
});

test('a reference to a document deleted just now is not reported: its sweep is still running', async () => {
  const alice = await given.user();
  const track = await alice.track();
  const { remove } = await import('../../src/data/remove.ts');
  const project = { _id: new UUID(track.project as string) };
  const child = await Track.collection.findOne({ _id: new UUID(track.id) });
  await remove(systemCtx('test'), Project, project, enqueueSweep);
  await adminCollection(Track).insertOne(child as never, raw);
  expect((await runs()).broken).toEqual([]);
  const later = { ...systemCtx('test'), clock: () => Date.now() + 16 * 60_000 };
  const { broken: found } = await checkAllReferences(later, () => 900_000);
  expect(found).toMatchObject([{ entity: 'Track', path: 'project', count: 1 }]);
  await Track.collection.deleteOne({ _id: new UUID(track.id) });
});

test('a wrong count is corrected and reported', async () => {
  const alice = await given.user();
  const { project } = await alice.track();
  const right = await alice.project();
  const _id = new UUID(project as string);
  await Project.collection.updateOne({ _id }, { $set: { trackCount: 7 } });
  expect((await runs()).recounted).toBe(1);
  expect((await alice.get(`/v1/projects/${project}`)).body.trackCount).toBe(1);
  expect((await alice.get(`/v1/projects/${right.id}`)).body.trackCount).toBe(0);
  expect((await runs()).recounted).toBe(0);
});

test('a run stops before its time is up, and says how far it came', async () => {
  const { unfinished, broken: found } = await handler({}, invocation(1000));
  expect(unfinished).toBe([...entities.values()].find((e) => referencesOf(e).length > 0)?.name);
  expect(found).toEqual([]);
});

test('a million documents are checked within a quarter of an hour', async () => {
  const user = newId(1);
  await adminCollection(entityNamed('User')).insertOne({ _id: user } as never, raw);
  const project = newId(2);
  await adminCollection(Project).insertOne(
    { _id: project, user, trackCount: 50_000 } as never,
    raw,
  );
  const many = Array.from({ length: 50_000 }, (_, n) => ({ _id: newId(n + 3), user, project }));
  await adminCollection(Track).insertMany(many as never, { ...raw, ordered: false });
  const begun = performance.now();
  const { checked } = await runs();
  const perMillion = ((performance.now() - begun) / checked) * 1e6;
  console.log(`${Math.round(perMillion / 1000)} s for a million documents`);
  expect(perMillion).toBeLessThan(900_000);
});

test('a count that changes while it is looked at is left to whoever changes it', async () => {
  const { project } = await (await given.user()).track();
  const _id = new UUID(project as string);
  const sets = (trackCount: number) =>
    Project.collection.updateOne({ _id }, { $set: { trackCount } });
  await sets(7);
  const before = await findMiscounted(systemCtx('test'), () => false);
  await sets(8);
  expect(await correctCounts(systemCtx('test'), before)).toBe(0);
  expect(await Project.collection.findOne({ _id })).toMatchObject({ trackCount: 8 });
  await sets(1);
});
