import '../harness/place.ts';
import { describe, expect, test } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import { type Entity, entities, entityNamed } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { confirmChange, type Reference, referencesOf } from '../../src/data/references.ts';
import { remove } from '../../src/data/remove.ts';
import type { OnDelete } from '../../src/data/schema-words.ts';
import type { ObjectShape } from '../../src/data/shape.ts';
import { User } from '../../src/models/account/user.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Audio } from '../../src/models/media/audio.ts';
import { Image } from '../../src/models/media/image.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { enqueueSweep, sweep } from '../../src/services/removal/sweep-job.ts';
import '../../src/models/index.ts';
import { adminCollection } from '../harness/admin.ts';
import { type Doc, given, type Person } from '../harness/given.ts';
import { sampleOf } from '../harness/sample.ts';
import { stored } from '../harness/stored.ts';
import { times } from '../harness/times.ts';
import { until } from '../harness/until.ts';
import { makeTracksWhileTheirProjectGoes } from '../races.ts';

test('tracks created while their project is deleted leave no orphan and cause no 5xx', () =>
  makeTracksWhileTheirProjectGoes(20));

test('deleting a project deletes all of its tracks, over several batches, each audited', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const track = await alice.track({ project: id });
  const made = await Track.collection.findOne({ _id: new UUID(track.id) });
  const copies = times(120, () => ({ ...made, _id: new UUID(), outbox: [] }));
  await Track.collection.insertMany(copies);
  expect((await alice.delete(`/v1/projects/${id}`)).status).toBe(204);
  expect(await Track.collection.countDocuments({ project: new UUID(id) })).toBe(0);
  await appendToChain(systemCtx('test'));
  let gone = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = `action=delete&limit=100${cursor && `&cursor=${cursor}`}`;
    const { body } = await alice.get<{ data: Doc[]; nextCursor: string | null }>(
      `/v1/audit-events?${query}`,
    );
    gone += body.data.filter((e) => e.entity === 'Track').length;
    cursor = body.nextCursor;
  }
  expect(gone).toBe(121);
});

test("a project's trackCount is right, however many tracks are created and deleted at once", async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const first = await Promise.all(times(10, () => alice.track({ project })));
  await Promise.all([
    ...times(10, () => alice.track({ project })),
    ...first.slice(0, 5).map((t) => alice.delete(`/v1/tracks/${t.id}`)),
  ]);
  const { body } = await alice.get(`/v1/projects/${project}`);
  expect(body.trackCount).toBe(15);
  const { data } = (await alice.get<{ data: Doc[] }>(`/v1/tracks?project=${project}&limit=100`))
    .body;
  expect(data).toHaveLength(15);
});

test('a changed count changes the ETag, and an If-Match with the old one still succeeds', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const path = `/v1/projects/${project}`;
  const etag = (await alice.get(path)).headers.get('etag') as string;
  await alice.track({ project });
  expect((await alice.get(path, { 'if-none-match': etag })).status).toBe(200);
  expect((await alice.patch(path, { name: 'New' }, { 'if-match': etag })).status).toBe(200);
});

test('optional references to a deleted document are removed, each with an audit event', async () => {
  const alice = await given.user();
  const tracks = await Promise.all(times(3, () => alice.track()));
  const user = new UUID(alice.id);
  const ctx = systemCtx('test');
  const input = { entity: 'Project', documents: [] };
  const job = await enqueue(ctx, sweep, { input, user, delay: 3600 });
  const ids = tracks.map((t) => new UUID(t.id));
  await Track.collection.updateMany({ _id: { $in: ids } }, { $set: { generatedBy: job._id } });
  await remove(ctx, Job, { _id: job._id }, enqueueSweep);
  await appendToChain(ctx);
  for (const { id } of tracks) {
    expect((await alice.get(`/v1/tracks/${id}`)).body).not.toHaveProperty('generatedBy');
    const { body } = await alice.get<{ data: Doc[] }>(`/v1/audit-events?document=${id}`);
    expect(body.data.map((e) => e.action)).toEqual(['update', 'create']);
    expect(body.data[0]?.changes).toEqual({ generatedBy: [job._id.toString(), null] });
  }
});

const references = [...entities.values()].flatMap((e) => referencesOf(e));
const those = (onDelete: OnDelete) =>
  references
    .filter((r) => r.onDelete === onDelete && r.to !== 'User')
    .map((r) => [`${r.entity.name}.${r.path}`, r] as const);

/** Something, and what refers to it as this reference does: in an array, twice. */
async function pairOf(r: Reference): Promise<{ parent: UUID; other: UUID; child: UUID }> {
  const alice = await given.user();
  const one = async () => new UUID(await stored(entityNamed(r.to), alice));
  const [parent, other] = [await one(), await one()];
  const held = r.array
    ? { [r.array]: [parent, other, parent].map((id) => itemOf(r, id)) }
    : { [r.path]: parent };
  return { parent, other, child: new UUID(await stored(r.entity, alice, held)) };
}

/** An item of the array that holds a reference, referring to this. */
function itemOf({ entity, array = '', path }: Reference, id: UUID): object {
  const list = entity.shape.fields[array]?.shape as { items: ObjectShape } | undefined;
  const needed = Object.entries(list?.items.fields ?? {}).filter(([, f]) => f.required);
  const values = needed.map(([name, f]) => [name, sampleOf(f.shape)]);
  return { ...Object.fromEntries(values), [path.slice(array.length + 1)]: id };
}

const ctx = systemCtx('test');
const goes = (r: Reference, id: UUID) => remove(ctx, entityNamed(r.to), { _id: id }, enqueueSweep);
const there = (entity: Entity, _id: UUID) => entity.collection.findOne({ _id });

describe.concurrent('a document that refers to a deleted one', () => {
  test.each(those('cascade'))('is deleted with it (cascade): %s', async (_, r) => {
    const { parent, child } = await pairOf(r);
    expect(await goes(r, parent)).not.toBeNull();
    expect(await there(r.entity, child)).toBeNull();
  });

  test.each(those('unset'))(
    'loses the reference, and its version rises (unset): %s',
    async (_, r) => {
      const { parent, other, child } = await pairOf(r);
      const before = await there(r.entity, child);
      expect(await goes(r, parent)).not.toBeNull();
      const after = await there(r.entity, child);
      expect(after?.version).toBe(before?.version + 1);
      if (r.array) {
        const leaf = r.path.slice(r.array.length + 1);
        const items: Record<string, UUID>[] = after?.[r.array] ?? [];
        const left = items.map((item) => item[leaf]);
        expect(left.map((id) => id?.toString())).toEqual([undefined, other.toString(), undefined]);
      } else expect(after).not.toHaveProperty(r.path);
    },
  );

  test.each(those('restrict'))(
    'prevents the deletion, and 409 names the collection (restrict): %s',
    async (_, r) => {
      const { parent, child } = await pairOf(r);
      await expect(goes(r, parent)).rejects.toMatchObject({
        code: 'IN_USE',
        errors: [{ path: r.entity.collectionName }],
      });
      expect(await there(entityNamed(r.to), parent)).not.toHaveProperty('removing');
      expect(await there(r.entity, child)).not.toBeNull();
      await adminCollection(r.entity).deleteOne({ _id: child });
      expect(await goes(r, parent)).not.toBeNull();
    },
  );
});

test('deleting a user deletes every document of theirs, of every entity', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  // What was done stays in the chain of audit events.
  // What she used is counted some time after: what is written of her then is an orphan, which `reconcile` ends.
  const counted = new Set(['MeteringFact', 'Stat']);
  const owned = references.filter(
    (r) => r.to === 'User' && r.onDelete === 'cascade' && !counted.has(r.entity.name),
  );
  for (const person of [alice, bob]) {
    for (const { entity } of owned) {
      // Settings there are, and one account of credits only.
      const has = await entity.collection.findOne({ user: new UUID(person.id) });
      if (!has) await stored(entity, person);
    }
  }
  const count = async (person: Person) => {
    const counts = owned.map(async ({ entity, path }) => {
      const found = await entity.collection.countDocuments({ [path]: new UUID(person.id) });
      return [entity.name, found] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  };
  // His mails go on being sent meanwhile.
  const lasting = async (person: Person) => {
    const { Mail: _mail, MailToken: _token, ...counts } = await count(person);
    return counts;
  };
  const his = await lasting(bob);
  expect(Math.min(...Object.values(his))).toBeGreaterThan(0);
  await remove(ctx, User, { _id: new UUID(alice.id) }, enqueueSweep);
  await until('all of hers is gone', async () =>
    Object.values(await count(alice)).every((n) => n === 0),
  );
  expect(await lasting(bob)).toEqual(his);
});

test('a job that the ledger refers to stays when its project is deleted, without the reference', async () => {
  const alice = await given.user();
  const project = new UUID((await alice.project()).id);
  const [job, other] = await Promise.all([
    stored(Job, alice, { project }),
    stored(Job, alice, { project }),
  ]);
  const entry = await stored(CreditsTransaction, alice, { job: new UUID(job) });
  expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
  const left = await alice.get<Doc>(`/v1/jobs/${job}`);
  expect(left.status).toBe(200);
  expect(left.body).not.toHaveProperty('project');
  expect((await alice.get(`/v1/jobs/${other}`)).status).toBe(404);
  const seen = await alice.get<Doc>(`/v1/credit-transactions/${entry}?include=job`);
  expect(seen.body.job).toMatchObject({ id: job });
});

test('a medium moved into a project while that is deleted is deleted with it, or stays outside', async () => {
  const alice = await given.user();
  for (let round = 0; round < 10; round++) {
    const { id: project } = await alice.project();
    const audios = await Promise.all(times(4, () => alice.medium('audios')));
    const [deleted, ...moved] = await Promise.all([
      alice.delete(`/v1/projects/${project}`),
      ...audios.map((a) => alice.patch<Doc>(`/v1/audios/${a.id}`, { project })),
    ]);
    expect(deleted?.status).toBe(204);
    for (const answer of moved) expect([200, 404, 422]).toContain(answer.status);
    const orphans = await Audio.collection.countDocuments({ project: new UUID(project) });
    expect(orphans, `round ${round}`).toBe(0);
  }
});

test('a change that refers to a document deleted meanwhile is refused and undone', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const { id: image } = await alice.medium('images');
  const coverImage = new UUID(image);
  const which = { _id: new UUID(project) };
  // As when the image is deleted between the check of the change and its write.
  await Image.collection.deleteOne({ _id: coverImage });
  await Project.collection.updateOne(which, { $set: { coverImage } });
  await expect(confirmChange(ctx, Project, which._id, { coverImage })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    errors: [{ path: 'coverImage' }],
  });
  const after = await Project.collection.findOne(which);
  expect(after).not.toHaveProperty('coverImage');
  expect(after?.version).toBe(2);
});

test("an image deleted while it is chosen as a cover is no project's cover afterwards", async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  for (let round = 0; round < 10; round++) {
    const { id: coverImage } = await alice.medium('images');
    const [deleted, chosen] = await Promise.all([
      alice.delete(`/v1/images/${coverImage}`),
      alice.patch<Doc>(`/v1/projects/${project}`, { coverImage }),
    ]);
    expect(deleted.status).toBe(204);
    expect([200, 422]).toContain(chosen.status);
    expect((await alice.get(`/v1/projects/${project}`)).body).not.toHaveProperty('coverImage');
  }
});

test('every reference declares onDelete and has an index', () => {
  for (const entity of entities.values()) {
    const indexed = entity.schema.indexes().map(([key]) => Object.keys(key)[0]);
    for (const { path, to, onDelete } of referencesOf(entity)) {
      expect(entities.has(to), `${entity.name}.${path}`).toBe(true);
      expect(['cascade', 'restrict', 'unset', 'keep']).toContain(onDelete);
      expect(indexed, `${entity.name}.${path}`).toContain(path);
    }
  }
});
