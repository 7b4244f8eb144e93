import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { systemCtx } from '../../../src/context.ts';
import { entities } from '../../../src/data/entity.ts';
import { UUID } from '../../../src/data/ids.ts';
import { referencesOf } from '../../../src/data/references.ts';
import { remove } from '../../../src/data/remove.ts';
import { Track } from '../../../src/models/studio/track.ts';
import { Job } from '../../../src/models/system/job.ts';
import { sealAudit } from '../../../src/services/audit.ts';
import { enqueue } from '../../../src/services/jobs.ts';
import '../../../src/models/index.ts';
import { type Doc, given } from '../../harness/given.ts';
import { times } from '../../harness/times.ts';
import { makeTracksWhileTheirProjectGoes } from '../../races.ts';

test('tracks made while their project is deleted leave no orphan, and no error of ours', () =>
  makeTracksWhileTheirProjectGoes(20));

test('a project goes with all of its tracks, more than one batch of them, each audited', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const track = await alice.track({ project: id });
  const made = await Track.collection.findOne({ _id: new UUID(track.id) });
  const copies = times(120, () => ({ ...made, _id: new UUID(), outbox: [] }));
  await Track.collection.insertMany(copies);
  expect((await alice.delete(`/v1/projects/${id}`)).status).toBe(204);
  expect(await Track.collection.countDocuments({ project: new UUID(id) })).toBe(0);
  await sealAudit(systemCtx('test'));
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

test('the count of a project is that of its tracks, however many are made and deleted at once', async () => {
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

test('a count changes the ETag of its document, and refuses nobody who saw the old one', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const path = `/v1/projects/${project}`;
  const etag = (await alice.get(path)).headers.get('etag') as string;
  await alice.track({ project });
  expect((await alice.get(path, { 'if-none-match': etag })).status).toBe(200);
  expect((await alice.patch(path, { name: 'New' }, { 'if-match': etag })).status).toBe(200);
});

test('what referred to a document that is gone refers to nothing, each with an audit event', async () => {
  const alice = await given.user();
  const tracks = await Promise.all(times(3, () => alice.track()));
  const user = new UUID(alice.id);
  const ctx = systemCtx('test');
  const job = await enqueue(
    { ...ctx, clock: () => Date.now() + 3_600_000 },
    { type: 'x', input: {}, user },
  );
  const ids = tracks.map((t) => new UUID(t.id));
  await Track.collection.updateMany({ _id: { $in: ids } }, { $set: { generatedBy: job._id } });
  await remove(ctx, Job, { _id: job._id });
  await sealAudit(ctx);
  for (const { id } of tracks) {
    expect((await alice.get(`/v1/tracks/${id}`)).body).not.toHaveProperty('generatedBy');
    const { body } = await alice.get<{ data: Doc[] }>(`/v1/audit-events?document=${id}`);
    expect(body.data.map((e) => e.action)).toEqual(['update', 'create']);
    expect(body.data[0]?.changes).toEqual({ generatedBy: [job._id.toString(), null] });
  }
});

test('every reference says what happens when what it refers to goes, and is found by an index', () => {
  for (const entity of entities.values()) {
    const indexed = entity.schema.indexes().map(([key]) => Object.keys(key)[0]);
    for (const { path, to, onDelete } of referencesOf(entity)) {
      expect(entities.has(to), `${entity.name}.${path}`).toBe(true);
      expect(['cascade', 'restrict', 'unset']).toContain(onDelete);
      expect(indexed, `${entity.name}.${path}`).toContain(path);
    }
  }
});
