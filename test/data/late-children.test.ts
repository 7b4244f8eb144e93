import '../harness/place.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { systemCtx } from '../../src/context.ts';
import type { Base, Entity } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { confirmReferences } from '../../src/data/references.ts';
import { insert } from '../../src/data/write.ts';
import { AuditEvent } from '../../src/models/audit/audit-event.ts';
import { Audio } from '../../src/models/media/audio.ts';
import { Image } from '../../src/models/media/image.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';
import { appendToChain } from '../../src/services/audit/chain.ts';
import { given } from '../harness/given.ts';
import { place } from '../harness/place.ts';
import { withStoppedClock } from '../harness/stopped-clock.ts';

place({ worker: false });

const ctx = systemCtx('test');
const SONG = { name: 'Song', fileName: 'a.mp3', contentType: 'audio/mpeg', size: 1 };

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['tracks', Track as Entity],
  ['audios', Audio as Entity],
])(
  'of %s none is made in a project that was just deleted, though it was just found there',
  async (kind, { collection }) => {
    const alice = await given.user();
    const { id: project } = await alice.project();
    const makes = () => alice.post(`/v1/${kind}`, { ...SONG, project });
    // That a parent was found is cached for seconds: they do not pass here.
    await withStoppedClock(async () => {
      expect((await makes()).status).toBe(201);
      expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
      expect(await makes()).toMatchObject({ status: 422, body: { errors: [{ path: 'project' }] } });
    });
    expect(await collection.countDocuments({ project: new UUID(project) })).toBe(0);
  },
);

test('that a project was found for its owner lets nobody else refer to it', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const { id: project } = await alice.project();
  await withStoppedClock(async () => {
    expect((await alice.post('/v1/audios', { ...SONG, project })).status).toBe(201);
    const refused = { status: 422, body: { errors: [{ path: 'project' }] } };
    expect(await bob.post('/v1/audios', { ...SONG, project })).toMatchObject(refused);
  });
});

test('an optional reference to what was just deleted is left out', async () => {
  const alice = await given.user();
  const { id: coverImage } = await alice.medium('images');
  await withStoppedClock(async () => {
    await alice.project({ coverImage });
    expect((await alice.delete(`/v1/images/${coverImage}`)).status).toBe(204);
    const { id } = await alice.project({ coverImage });
    expect((await alice.get(`/v1/projects/${id}`)).body).not.toHaveProperty('coverImage');
  });
});

test('taking back a document is audited if its creation is in the chain already, else neither is', async () => {
  const alice = await given.user();
  const values = { ...SONG, user: new UUID(alice.id), filePath: 'media/a' };
  const makes = () => insert(ctx, Track, { ...values, project: newId(Date.now()) });
  const takesBack = (made: Base) =>
    expect(confirmReferences(ctx, Track, made)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  const actionsOn = async ({ _id }: Base) => {
    await appendToChain(ctx);
    const events = AuditEvent.collection.find({ document: _id }).sort({ sequence: 1 });
    return (await events.toArray()).map(({ action }) => action);
  };
  const sealed = await makes();
  await appendToChain(ctx);
  const fresh = await makes();
  for (const made of [sealed, fresh]) await takesBack(made);
  expect(await actionsOn(sealed)).toEqual(['create', 'delete']);
  expect(await actionsOn(fresh)).toEqual([]);
});

/** Does something between what a PATCH has looked at and its write. */
function beforeWriting({ collection }: Entity, work: () => Promise<unknown>): void {
  const write = collection.findOneAndUpdate.bind(collection) as (...args: unknown[]) => unknown;
  const between = async (...args: unknown[]) => {
    await work();
    return write(...args);
  };
  vi.spyOn(collection, 'findOneAndUpdate').mockImplementationOnce(between as never);
}

test.each([
  ['alone', {}],
  ['with what is merged', { settings: { theme: 'dark' } }],
])(
  'a change, %s, that refers to what is deleted before it is written is refused and undone',
  async (_what, more) => {
    const alice = await given.user();
    const path = `/v1/projects/${(await alice.project()).id}`;
    const { id: coverImage } = await alice.medium('images');
    beforeWriting(Project, () => Image.collection.deleteOne({ _id: new UUID(coverImage) }));
    expect(await alice.patch(path, { coverImage, ...more })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'coverImage' }] },
    });
    expect((await alice.get(path)).body).not.toHaveProperty('coverImage');
  },
);

test('a medium that is moved into a project deleted before it is written stays outside', async () => {
  const alice = await given.user();
  const { id: project } = await alice.project();
  const path = `/v1/audios/${(await alice.medium('audios')).id}`;
  beforeWriting(Audio, () => Project.collection.deleteOne({ _id: new UUID(project) }));
  expect(await alice.patch(path, { project })).toMatchObject({
    status: 422,
    body: { errors: [{ path: 'project' }] },
  });
  expect((await alice.get(path)).body).not.toHaveProperty('project');
});
