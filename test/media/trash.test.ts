import '../harness/place.ts';
import { expect, test } from 'vitest';
import { trash } from '../../functions/trash.ts';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { MediumVersion } from '../../src/models/media/medium-version.ts';
import { Track } from '../../src/models/media/track.ts';
import { TrashedMedium } from '../../src/models/media/trashed-medium.ts';
import { Project } from '../../src/models/projects/project.ts';
import { enqueue, ringJobs } from '../../src/services/jobs/queue.ts';
import { checkObjects } from '../../src/services/maintenance/objects/check.ts';
import { emptyTrash } from '../../src/services/media/trash.ts';
import { sweep } from '../../src/services/removal/sweep-job.ts';
import { noteUpload } from '../../src/services/uploads/arrivals.ts';
import { conforms } from '../conforms.ts';
import type { Page } from '../contract/held.ts';
import {
  type Doc,
  given,
  type Person,
  send,
  type Track as TrackDoc,
  type Upload,
} from '../harness/given.ts';
import { keysOf, putObject } from '../harness/objects.ts';
import { storedAt } from '../harness/stored.ts';
import { until } from '../harness/until.ts';
import { moveThroughTheTrashWhileItsProjectGoes } from '../races.ts';
import { melody, wav } from '../samples/audio.ts';

conforms(trash, { make: storedAt(trash, { kind: 'TRACK' }) });

const SONG = wav(melody([60, 64, 67, 72], 3));
const WAV = { contentType: 'audio/wav', fileName: 'song.wav' };
const MONTH = 30 * 24 * 3600 * 1000;

async function song(person: Person, values: object = {}): Promise<TrackDoc> {
  const track = await person.uploads(SONG, { ...WAV, ...values });
  return person.waitsFor(track, 'READY');
}

const trashed = async (person: Person) => (await person.get<Page>('/v1/trash')).body.data;
const link = async (person: Person, { id }: Doc) =>
  (await person.get<{ url: string }>(`/v1/tracks/${id}/file`)).body.url;

test('a deleted track is gone everywhere but in the trash, and comes back as it was', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const track = await song(alice, { project });
  const keys = await keysOf(alice, track);
  expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(204);
  expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(404);
  expect((await alice.get(`/v1/tracks/${track.id}`)).status).toBe(404);
  expect((await alice.get<Page>('/v1/tracks')).body.data).toEqual([]);
  const parent = await alice.get(`/v1/projects/${project}?include=tracks`);
  expect(parent.body).toMatchObject({ trackCount: 0, tracks: [] });
  expect(await trashed(alice)).toMatchObject([
    { id: track.id, kind: 'TRACK', project, name: track.name, fileName: 'song.wav' },
  ]);
  // Told once more of its upload, by an event that was late.
  await noteUpload(systemCtx('test'), { key: track.filePath as string, sequencer: 'FF' });
  expect(await keysOf(alice, track)).toEqual(keys);

  const restored = await alice.post<TrackDoc>(`/v1/trash/${track.id}/restore`);
  expect(restored.status).toBe(200);
  const { updatedAt, version, ...rest } = track;
  expect(restored.body).toMatchObject(rest);
  expect((await alice.get(`/v1/tracks/${track.id}`)).body).toEqual(restored.body);
  expect((await alice.get(`/v1/projects/${project}`)).body.trackCount).toBe(1);
  expect(await trashed(alice)).toEqual([]);
  expect((await fetch(await link(alice, track))).status).toBe(200);
});

test('its former versions go with it, and come back with it', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const bytes = wav(melody([67, 64, 60], 3));
  const file = { contentType: 'audio/wav', fileName: 'new.wav', size: bytes.length };
  const made = await alice.post<Doc & { upload: Upload }>(`/v1/tracks/${track.id}/replace`, file);
  await send(made.body.upload, bytes);
  await until('it is replaced', async () => {
    return (await alice.get(`/v1/tracks/${track.id}`)).body.fileName === 'new.wav';
  });
  const former = async () => (await alice.get<Page>(`/v1/versions?track=${track.id}`)).body.data;
  const [before] = await former();
  const keys = await keysOf(alice, track);
  await alice.delete(`/v1/tracks/${track.id}`);
  expect(await former()).toEqual([]);
  const how = { dryRun: true, grace: 0, timeLeft: () => 60_000 };
  expect((await checkObjects(systemCtx('test'), how)).orphans.examples).toEqual([]);
  await alice.post(`/v1/trash/${track.id}/restore`);
  const { updatedAt, version, ...rest } = before as Doc;
  expect(await former()).toMatchObject([rest]);
  const events = async () => {
    const { body } = await alice.get<Page>(`/v1/audit-events?document=${before?.id}`);
    return body.data.map((e) => e.action);
  };
  await until('all is told', async () => (await events()).includes('restore'));
  expect((await events()).filter((e) => e === 'trash' || e === 'restore')).toHaveLength(2);
  const replacing = (await alice.get(`/v1/tracks/${track.id}`)).body.checksum;
  const again = await alice.post(`/v1/versions/${before?.id}/restore`, { replacing });
  expect(again.status).toBe(200);
  expect((await alice.get(`/v1/tracks/${track.id}`)).body.fileName).toBe('song.wav');
  expect(await keysOf(alice, track)).toEqual(keys);
  await alice.delete(`/v1/tracks/${track.id}`);
  await alice.delete(`/v1/trash/${track.id}`);
  await until('all are gone', async () => (await keysOf(alice, track)).length === 0);
});

test('a sweep that comes late takes nothing of what was restored meanwhile', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const now = new Date();
  await MediumVersion.collection.insertOne({
    ...{ _id: newId(Date.now()), user: new UUID(alice.id), track: new UUID(track.id) },
    ...{ kind: 'TRACK', fileName: 'former.wav', contentType: 'audio/wav', size: 1, progress: 100 },
    ...{ filePath: `${track.filePath}-former`, status: 'READY', replacedAt: now },
    ...{ createdAt: now, updatedAt: now, version: 1 },
  });
  await alice.delete(`/v1/tracks/${track.id}`);
  await alice.post(`/v1/trash/${track.id}/restore`);
  const input = { entity: 'Track', documents: [{ id: new UUID(track.id) }] };
  const { _id } = await enqueue(systemCtx('test'), sweep, { input });
  await ringJobs(systemCtx('test'), _id);
  await until('it is done', async () => {
    return (await Job.collection.findOne({ _id }))?.status === 'COMPLETED';
  });
  const { body } = await alice.get<Page>(`/v1/versions?track=${track.id}`);
  expect(body.data).toMatchObject([{ fileName: 'former.wav' }]);
});

test('what a worker had shown of it does not come back with one that was being processed', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const half = { $set: { status: 'PROCESSING' }, $unset: { stands: 1 } };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, half as never);
  await alice.delete(`/v1/tracks/${track.id}`);
  const { body } = await alice.post<TrackDoc>(`/v1/trash/${track.id}/restore`);
  expect(body.derivatives ?? []).toEqual([]);
  await alice.waitsFor(track, 'READY');
});

test('of 16 that restore it at once, one does', async () => {
  const alice = await given.user();
  const track = await song(alice);
  await alice.delete(`/v1/tracks/${track.id}`);
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => alice.post(`/v1/trash/${track.id}/restore`)),
  );
  expect(answers.map((a) => a.status).toSorted()).toEqual([200, ...Array(15).fill(404)]);
});

test('nobody restores what is somebody else’s', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const track = await song(alice);
  await alice.delete(`/v1/tracks/${track.id}`);
  expect((await bob.post(`/v1/trash/${track.id}/restore`)).status).toBe(404);
  expect(await trashed(bob)).toEqual([]);
  expect(await trashed(alice)).toHaveLength(1);
});

test('what is deleted from the trash, or has been there for 30 days, is gone with its objects', async () => {
  const alice = await given.user();
  const [one, two] = await Promise.all([song(alice), song(alice)]);
  await Promise.all([one, two].map(({ id }) => alice.delete(`/v1/tracks/${id}`)));
  expect((await alice.delete(`/v1/trash/${one.id}`)).status).toBe(204);
  await until('its objects are gone', async () => (await keysOf(alice, one)).length === 0);
  const { createdAt, expiresAt } = (await trashed(alice))[0] as Doc;
  expect(Date.parse(expiresAt as string) - Date.parse(createdAt as string)).toBe(MONTH);
  await emptyTrash(systemCtx('test'));
  expect(await trashed(alice)).toHaveLength(1);
  const set = { expiresAt: new Date() };
  await TrashedMedium.collection.updateOne({ _id: new UUID(two.id) }, { $set: set });
  await emptyTrash(systemCtx('test'));
  expect(await trashed(alice)).toEqual([]);
  await until('its objects are gone', async () => (await keysOf(alice, two)).length === 0);
});

test('a project takes along what of it is in the trash', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const track = await song(alice, { project });
  await alice.delete(`/v1/tracks/${track.id}`);
  await alice.delete(`/v1/projects/${project}`);
  expect(await trashed(alice)).toEqual([]);
  expect((await alice.post(`/v1/trash/${track.id}/restore`)).status).toBe(404);
  await until('its objects are gone', async () => (await keysOf(alice, track)).length === 0);
});

/** A track in a project, with a former version of its own object. */
async function songWithVersion(person: Person, project: string): Promise<TrackDoc> {
  const track = await song(person, { project });
  const filePath = `${track.filePath}-former`;
  const now = new Date();
  await MediumVersion.collection.insertOne({
    ...{ _id: newId(Date.now()), user: new UUID(person.id), track: new UUID(track.id) },
    ...{ kind: 'TRACK', fileName: 'former.wav', contentType: 'audio/wav', size: 1, progress: 100 },
    ...{ filePath, status: 'READY', replacedAt: now, createdAt: now, updatedAt: now, version: 1 },
  });
  await putObject(filePath, 'x');
  return track;
}

/** The project goes as it does for whoever has looked for its children already. */
const goes = (project: string) => Project.collection.deleteOne({ _id: new UUID(project) });
const leavesNothing = async (person: Person, { id, ...track }: TrackDoc) => {
  await until('its objects are gone', async () => {
    return (await keysOf(person, { id, ...track })).length === 0;
  });
  const [_id, of] = [{ _id: new UUID(id) }, { track: new UUID(id) }];
  expect(await TrashedMedium.collection.countDocuments(_id)).toBe(0);
  expect(await Track.collection.countDocuments(_id)).toBe(0);
  expect(await MediumVersion.collection.countDocuments(of)).toBe(0);
};

test('what is restored after its project has ended goes with it, and so do its versions and objects', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const track = await songWithVersion(alice, project);
  await alice.delete(`/v1/tracks/${track.id}`);
  await goes(project);
  const restored = await alice.post(`/v1/trash/${track.id}/restore`);
  expect(restored).toMatchObject({ status: 422, body: { errors: [{ path: 'project' }] } });
  await leavesNothing(alice, track);
});

test('what is restored in the middle of its processing, after its project has ended, leaves no job', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const track = await song(alice, { project });
  const set = { status: 'PROCESSING' };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: set });
  await alice.delete(`/v1/tracks/${track.id}`);
  await goes(project);
  expect((await alice.post(`/v1/trash/${track.id}/restore`)).status).toBe(422);
  await leavesNothing(alice, track);
  const open = { project: new UUID(project), status: { $in: ['QUEUED', 'RUNNING'] } };
  expect(await Job.collection.countDocuments(open)).toBe(0);
});

test('what is put into the trash after its project has ended does not stay there', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const track = await songWithVersion(alice, project);
  await goes(project);
  expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(204);
  await leavesNothing(alice, track);
});

test('restoring and deleting a track while its project ends leaves nothing behind', () =>
  moveThroughTheTrashWhileItsProjectGoes(6));

test('a track that was being processed goes on when it is restored', async () => {
  const alice = await given.user();
  const track = await song(alice);
  await alice.delete(`/v1/tracks/${track.id}`);
  await alice.post(`/v1/trash/${track.id}/restore`);
  const set = { status: 'PROCESSING' };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: set });
  await alice.delete(`/v1/tracks/${track.id}`);
  const { body } = await alice.post<TrackDoc>(`/v1/trash/${track.id}/restore`);
  expect(body.status).toBe('PROCESSING');
  await alice.waitsFor(track, 'READY');
});

test('both ways are audited, once each', async () => {
  const alice = await given.user();
  const track = await song(alice);
  await alice.delete(`/v1/tracks/${track.id}`);
  await alice.post(`/v1/trash/${track.id}/restore`);
  await until('they are told of', async () => {
    const { body } = await alice.get<{ data: { action: string }[] }>(
      `/v1/audit-events?document=${track.id}`,
    );
    const actions = body.data.map((e) => e.action);
    return ['trash', 'restore'].every((a) => actions.filter((x) => x === a).length === 1);
  });
});
