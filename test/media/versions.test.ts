import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { versions } from '../../functions/versions.ts';
import { systemCtx } from '../../src/context.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job, type JobDoc } from '../../src/models/jobs/job.ts';
import { MediumVersion } from '../../src/models/media/medium-version.ts';
import { Track } from '../../src/models/media/track.ts';
import { ringJobs } from '../../src/services/jobs/queue.ts';
import { checkObjects } from '../../src/services/maintenance/objects/check.ts';
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
import { keysOf } from '../harness/objects.ts';
import { storedAt } from '../harness/stored.ts';
import { until } from '../harness/until.ts';
import { restoreAtOnce } from '../races.ts';
import { melody, wav } from '../samples/audio.ts';

const ORIGINAL = 'media/a/tracks/b/original';

conforms(versions, { make: storedAt(versions, { kind: 'TRACK', filePath: ORIGINAL }) });

const WAV = { contentType: 'audio/wav', fileName: 'song.wav' };
const [short, long] = [wav(melody([60, 64, 67], 3)), wav(melody([60, 64, 67, 72, 67, 64], 3))];
const NEW = { contentType: 'audio/wav', fileName: 'remaster.wav' };

async function song(person: Person): Promise<TrackDoc> {
  return person.waitsFor(await person.uploads(short, WAV), 'READY');
}

interface Version extends Doc {
  upload: Upload;
}

async function replaces(person: Person, { id }: Doc, bytes: Buffer): Promise<Version> {
  const file = { ...NEW, size: bytes.length };
  const { status, body } = await person.post<Version>(`/v1/tracks/${id}/replace`, file);
  if (status !== 201) throw new Error(JSON.stringify(body));
  const sent = await send(body.upload, bytes);
  if (sent.status !== 200) throw new Error(await sent.text());
  return body;
}

const read = async (person: Person, { id }: Doc) =>
  (await person.get<TrackDoc>(`/v1/tracks/${id}`)).body;
const bytesOf = async (person: Person, path: string) => {
  const { body } = await person.get<{ url: string }>(path);
  return Buffer.from(await (await fetch(body.url)).arrayBuffer());
};
const replaced = (person: Person, track: Doc, fileName = NEW.fileName) =>
  until('it is replaced', async () => (await read(person, track)).fileName === fileName);
const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
const restores = (person: Person, { id }: Doc, body?: object, headers?: Record<string, string>) =>
  person.post<TrackDoc>(`/v1/versions/${id}/restore`, body, headers);
const etagInS3 = async (person: Person, path: string) => {
  const { url } = (await person.get<{ url: string }>(`${path}/file`)).body;
  return (await fetch(url)).headers.get('etag');
};
const clean = async () => {
  const how = { dryRun: true, grace: 0, timeLeft: () => 60_000 };
  const { orphans, missing, damaged } = await checkObjects(systemCtx('test'), how);
  expect([orphans, missing, damaged].flatMap(({ examples }) => examples)).toEqual([]);
};

test('a track keeps its id, and what it was, until its new bytes are READY', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, long);
  expect(version).toMatchObject({ kind: 'TRACK', track: track.id, status: 'AWAITING_UPLOAD' });
  await replaced(alice, track);
  const now = await read(alice, track);
  expect(now).toMatchObject({ status: 'READY', id: track.id, name: track.name, size: long.length });
  expect(now.audio?.durationSeconds).toBeCloseTo(2.4, 1);
  expect(now.checksum).toBe(sumOf(long));
  expect((await bytesOf(alice, `/v1/tracks/${track.id}/file`)).equals(long)).toBe(true);
  expect(await bytesOf(alice, `/v1/tracks/${track.id}/derivatives/preview`)).not.toHaveLength(0);
  const { body } = await alice.get<Page>(`/v1/versions?track=${track.id}`);
  expect(body.data).toMatchObject([
    { id: version.id, status: 'READY', fileName: 'song.wav', size: short.length },
  ]);
  expect(body.data[0]).toMatchObject({ facts: { audio: track.audio, analysis: track.analysis } });
  expect((await bytesOf(alice, `/v1/versions/${version.id}/file`)).equals(short)).toBe(true);
  // Told of both uploads once more, by events that were late.
  for (const key of [track.filePath, now.filePath]) {
    await noteUpload(systemCtx('test'), { key: key as string, sequencer: 'FFFF' });
  }
  expect(await read(alice, track)).toEqual(now);
  await clean();
});

test('the former bytes come back with all that was found in them', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, long);
  await replaced(alice, track);
  const restored = await restores(alice, version, { replacing: sumOf(long) });
  expect(restored.status).toBe(200);
  const { updatedAt, version: _, ...rest } = track;
  expect(await read(alice, track)).toMatchObject(rest);
  expect((await bytesOf(alice, `/v1/tracks/${track.id}/file`)).equals(short)).toBe(true);
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(202);
  await alice.waitsFor(track, 'READY');
  // The former derivatives go after the new ones are shown.
  const isClean = () =>
    clean().then(
      () => true,
      () => false,
    );
  await until('nothing is left over', isClean);
});

test('new bytes that are no such medium leave the old ones alone', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, Buffer.from('<html>no song</html>'));
  const path = `/v1/versions/${version.id}`;
  await until('it has failed', async () => (await alice.get(path)).body.status === 'FAILED');
  expect((await alice.get(path)).body).toMatchObject({ error: { code: 'UNSUPPORTED_MEDIA' } });
  expect(await read(alice, track)).toEqual(track);
  const restored = await restores(alice, version, { replacing: track.checksum });
  expect(restored).toMatchObject({ status: 409, body: { code: 'INVALID_STATE' } });
});

test('restored twice is restored once, by whatever its former file was named', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, long);
  await replaced(alice, track);
  let [now, next] = [long, short];
  const path = `/v1/tracks/${track.id}`;
  const names: (() => Promise<[object | undefined, Record<string, string>?]>)[] = [
    async () => [{ replacing: sumOf(now) }],
    async () => [{ replacing: await etagInS3(alice, path) }],
    async () => [{ replacing: (await alice.get(path)).headers.get('etag') }],
    async () => [undefined, { 'if-match': (await alice.get(path)).headers.get('etag') as string }],
  ];
  for (const name of names) {
    const asked = await name();
    const first = await restores(alice, version, ...asked);
    expect([first.status, first.body.checksum], JSON.stringify(asked)).toEqual([200, sumOf(next)]);
    const again = await restores(alice, version, ...asked);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(await read(alice, track)).toEqual(first.body);
    [now, next] = [next, now];
  }
  // A checksum that begins as a weak ETag does.
  const checksum = `W/${'A'.repeat(41)}=`;
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: { checksum } });
  expect((await restores(alice, version, { replacing: checksum })).status).toBe(200);
  expect((await restores(alice, version, { replacing: checksum })).status).toBe(200);
  expect((await alice.get(path)).body.checksum).toBe(sumOf(next));
});

test('a restore that means another file than the medium has is refused, and one that names none', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, long);
  await replaced(alice, track);
  const path = `/v1/tracks/${track.id}`;
  const old = (await alice.get(path)).headers.get('etag') as string;
  const { body: renamed } = await alice.patch<TrackDoc>(path, { name: 'Renamed' });
  const refused = async (body?: object, headers?: Record<string, string>) => {
    const { status, body: problem } = await restores(alice, version, body, headers);
    return [status, problem.code];
  };
  expect(await refused({ replacing: sumOf(Buffer.from('another')) })).toEqual([409, 'CONFLICT']);
  expect(await refused({ replacing: old })).toEqual([409, 'CONFLICT']);
  expect(await refused(undefined, { 'if-match': old })).toEqual([412, 'PRECONDITION_FAILED']);
  for (const headers of [undefined, { 'if-match': '*' }]) {
    expect(await refused(undefined, headers)).toEqual([422, 'VALIDATION_FAILED']);
    expect(await refused({}, headers)).toEqual([422, 'VALIDATION_FAILED']);
  }
  expect(await read(alice, track)).toEqual(renamed);
});

test('eight restores at once restore it once, however often they are sent', () =>
  restoreAtOnce({ rounds: 2, at: 8 }));

test('what is no file of the kind is refused, and so is what is still being made', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const track = await song(alice);
  const path = `/v1/tracks/${track.id}/replace`;
  const wrong = { contentType: 'video/mp4', fileName: 'x', size: 0, track: track.id };
  const { status, body } = await alice.post<{ errors: { path: string }[] }>(path, wrong);
  expect([status, body.errors.map((e) => e.path).toSorted()]).toEqual([
    422,
    ['contentType', 'size', 'track'],
  ]);
  expect((await bob.post(path, { ...NEW, size: 1 })).status).toBe(404);
  const awaited = await alice.track({ size: 5 });
  const early = await alice.post(`/v1/tracks/${awaited.id}/replace`, { ...NEW, size: 1 });
  expect(early).toMatchObject({ status: 409, body: { code: 'INVALID_STATE' } });
});

test('a deleted version takes its own objects along, and none of the medium’s', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const version = await replaces(alice, track, long);
  await replaced(alice, track);
  const before = await keysOf(alice, track);
  expect((await alice.delete(`/v1/versions/${version.id}`)).status).toBe(204);
  await until('half of them is gone', async () => {
    return (await keysOf(alice, track)).length === before.length / 2;
  });
  expect((await bytesOf(alice, `/v1/tracks/${track.id}/file`)).equals(long)).toBe(true);
  await clean();
  const id = new UUID(track.id);
  expect(await Track.collection.countDocuments({ _id: id, status: 'READY' })).toBe(1);
  expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(204);
  expect((await alice.delete(`/v1/trash/${track.id}`)).status).toBe(204);
  await until('all are gone', async () => (await keysOf(alice, track)).length === 0);
});

test('of former versions those that were replaced last are kept, whatever failed since', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const now = Date.now();
  const former = (n: number, status: string) => ({
    ...{ _id: newId(now + n), user: new UUID(alice.id), track: new UUID(track.id), kind: 'TRACK' },
    ...{ fileName: `${status} ${n}`, contentType: 'audio/wav', size: 1, progress: 100, status },
    filePath: `${track.filePath}/../versions/${n}/original`,
    // The first that was made was the last to be replaced, since it had been restored.
    ...(status === 'READY' && { replacedAt: new Date(now - n * 1000) }),
    ...{ createdAt: new Date(now + n), updatedAt: new Date(), version: 1 },
  });
  const numbers = [...Array(12).keys()];
  await MediumVersion.collection.insertMany([
    ...numbers.map((n) => former(n, 'READY')),
    ...numbers.map((n) => former(100 + n, 'FAILED')),
  ]);
  await replaces(alice, track, long);
  await replaced(alice, track);
  const names = async () => {
    const { body } = await alice.get<Page>(`/v1/versions?track=${track.id}&limit=100`);
    return body.data.map((v) => v.fileName as string).toSorted();
  };
  // What it had a moment ago is the newest of all.
  const ready = numbers.slice(0, 9).map((n) => `READY ${n}`);
  const failed = numbers.slice(2).map((n) => `FAILED ${100 + n}`);
  const kept = ['song.wav', ...ready, ...failed].toSorted();
  await until('the others are gone', async () => (await names()).length === kept.length);
  expect(await names()).toEqual(kept);
});

test('new bytes wait until nothing else is under way with the medium, however long that takes', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const _id = new UUID(track.id);
  await Track.collection.updateOne({ _id }, { $set: { status: 'PROCESSING' } });
  const elsewhere = await alice.post(`/v1/tracks/${track.id}/replace`, { ...NEW, size: 1 });
  expect(elsewhere.status).toBe(409);
  await Track.collection.updateOne({ _id }, { $set: { status: 'READY' } });
  const file = { ...NEW, size: long.length };
  const { body } = await alice.post<Version>(`/v1/tracks/${track.id}/replace`, file);
  await Track.collection.updateOne({ _id }, { $set: { status: 'PROCESSING' } });
  await send(body.upload, long);
  const job = { type: 'process-track', 'input.document': new UUID(body.id) };
  const put = await until('it has been put back', async () => {
    const found = (await Job.collection.findOne(job)) as unknown as JobDoc | null;
    return found?.status === 'QUEUED' && found.runAfter.getTime() > Date.now() + 5000 && found;
  });
  expect(put).toMatchObject({ attempts: 0, losses: 0 });
  await Track.collection.updateOne({ _id }, { $set: { status: 'READY' } });
  await Job.collection.updateOne({ _id: put._id }, { $set: { runAfter: new Date() } });
  await ringJobs(systemCtx('test'), put._id);
  await replaced(alice, track);
});

test('of one medium twenty replacements may be under way, and no more', async () => {
  const alice = await given.user();
  const track = await song(alice);
  const begins = () => alice.post(`/v1/tracks/${track.id}/replace`, { ...NEW, size: 5 });
  for (let n = 0; n < 20; n++) expect((await begins()).status).toBe(201);
  expect(await begins()).toMatchObject({ status: 409, body: { code: 'INVALID_STATE' } });
  const { body } = await alice.get<Page>(`/v1/versions?track=${track.id}&limit=1`);
  expect((await alice.delete(`/v1/versions/${body.data[0]?.id}`)).status).toBe(204);
  expect((await begins()).status).toBe(201);
});
