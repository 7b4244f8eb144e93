import '../harness/place.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { handler } from '../../functions/check-objects.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { MediumVersion } from '../../src/models/media/medium-version.ts';
import { Track } from '../../src/models/media/track.ts';
import { TrashedMedium } from '../../src/models/media/trashed-medium.ts';
import { Video } from '../../src/models/media/video.ts';
import { deleteUnder, headObject, listKeys } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';
import { jobTypes } from '../../src/services/job-types.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { checkObjects } from '../../src/services/maintenance/objects/check.ts';
import { type Doc, given, type Person, type Track as TrackDoc } from '../harness/given.ts';
import { invocation } from '../harness/invocations.ts';
import { place } from '../harness/place.ts';
import { until } from '../harness/until.ts';

place({ worker: false });

// What is looked at is all there is: a test begins with nothing.
beforeEach(async () => {
  await deleteUnder('media/');
  for (const { collection } of [Track, Video, MediumVersion, TrashedMedium, Job]) {
    await collection.deleteMany({});
  }
});

const BYTES = Buffer.from('bytes of a song');
const checks = (dryRun: boolean, grace = 0) =>
  checkObjects(systemCtx('test'), { dryRun, grace, timeLeft: () => 60_000 });
const NONE = { count: 0, examples: [] };
const ALL_WELL = { missing: NONE, damaged: NONE, trashed: NONE };
const everything = async () => {
  const keys: string[] = [];
  for await (const page of listKeys('media/')) keys.push(...page);
  return keys;
};

async function puts(...keys: string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-objects-'));
  const path = join(folder, 'object');
  await writeFile(path, 'x');
  const file = { path, size: 1, contentType: 'text/plain' };
  for (const key of keys) await upload(key, file, new AbortController().signal);
  await rm(folder, { recursive: true });
  return keys;
}

/** A READY track with derivatives, as a worker leaves it. */
async function ready(person: Person): Promise<{ track: TrackDoc; folder: string; keys: string[] }> {
  const track = await person.uploads(BYTES);
  const folder = `media/${person.id}/tracks/${track.id}`;
  const derivativesPath = `${folder}/derivatives/1`;
  const derivatives = [
    { name: 'waveform', contentType: 'application/json', status: 'READY', size: 1 },
    { name: 'preview', contentType: 'audio/mp4', status: 'PENDING' },
  ];
  const { etag } = (await headObject(track.filePath as string)) ?? {};
  const object = { etag, sequencer: '' };
  const set = { status: 'READY', stands: true, object, derivatives, derivativesPath };
  await Track.collection.updateOne({ _id: new UUID(track.id) }, { $set: set });
  const made = await puts(`${derivativesPath}/waveform`);
  return { track, folder, keys: [track.filePath as string, ...made] };
}

test('objects that no document names are deleted, all others stay, and a dry run only reports', async () => {
  const alice = await given.user();
  const [one, two, trashed] = [await ready(alice), await ready(alice), await ready(alice)];
  expect((await alice.delete(`/v1/tracks/${trashed.track.id}`)).status).toBe(204);
  const awaited = await alice.track({ size: 5 });
  const known = [one, two, trashed].flatMap(({ keys }) => keys);
  // What is being made has no document that knows of it yet.
  const making = await puts(`media/${alice.id}/tracks/${awaited.id}/derivatives/9/preview`);
  const gone = newId(Date.now());
  const orphans = await puts(
    `media/${alice.id}/tracks/${gone}/original`,
    `media/${alice.id}/tracks/${gone}/derivatives/1/preview`,
    `media/${alice.id}/nothing/${gone}/original`,
    'media/what/is/this',
    `${one.folder}/derivatives/0/waveform`,
    `${one.folder}/derivatives/10/waveform`,
    `${one.folder}/other`,
  );
  const dry = await checks(true);
  expect(dry).toMatchObject({ dryRun: true, ...ALL_WELL });
  expect(dry.orphans.examples.toSorted()).toEqual(orphans.toSorted());
  expect((await everything()).length).toBe(known.length + making.length + orphans.length);
  // Too young, for all that this one knows.
  expect((await handler({}, invocation())).orphans.count).toBe(0);

  const done = await checks(false);
  expect(done.orphans).toMatchObject({ count: orphans.length, bytes: orphans.length });
  expect((await everything()).toSorted()).toEqual([...known, ...making].toSorted());
  expect(await checks(false)).toMatchObject({ orphans: { count: 0 }, ...ALL_WELL });
});

test('segments of a stream that waits for its job stay; those of a failed one are deleted', async () => {
  const alice = await given.user();
  const video = await alice.uploads(BYTES, {}, 'videos');
  const _id = new UUID(video.id);
  const job = newId(Date.now());
  const folder = `media/${alice.id}/videos/${video.id}`;
  const object = { etag: (await headObject(video.filePath as string))?.etag, sequencer: '' };
  const shown = {
    status: 'READY',
    object,
    derivatives: [],
    derivativesPath: `${folder}/derivatives/1`,
  };
  const become = (status: string) =>
    Video.collection.updateOne({ _id }, { $set: { ...shown, stream: { status, job } } });
  const [piece = ''] = await puts(`${folder}/derivatives/${job}-1-pieces/0.mp4`);

  await become('PENDING');
  expect((await checks(false)).orphans).toEqual({ ...NONE, bytes: 0 });
  expect(await everything()).toContain(piece);
  await become('FAILED');
  expect((await checks(false)).orphans).toMatchObject({ examples: [piece] });
});

test('a READY medium whose original is missing becomes FAILED', async () => {
  const alice = await given.user();
  const { track, folder } = await ready(alice);
  const kept = await ready(alice);
  await deleteUnder(`${folder}/`);
  expect(await checks(true)).toMatchObject({
    missing: { count: 1, examples: [`Track ${track.id}`] },
  });
  const read = async (id: string) => (await alice.get<TrackDoc>(`/v1/tracks/${id}`)).body;
  expect((await read(track.id)).status).toBe('READY');
  expect(await checks(false)).toMatchObject({ missing: { count: 1 } });
  expect(await read(track.id)).toMatchObject({
    status: 'FAILED',
    error: { code: 'MISSING_FILE' },
  });
  expect((await read(kept.track.id)).status).toBe('READY');
  expect(await headObject(kept.track.filePath as string)).not.toBeNull();
  // What it was once helps nobody: without its bytes it is not READY again.
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(202);
  while ((await workOnce(systemCtx('test'), jobTypes, () => 600_000)) !== 'IDLE');
  const again = await read(track.id);
  expect(again).toMatchObject({ status: 'FAILED', error: { code: 'MISSING_FILE' } });
});

test('a READY medium that lacks a derivative is reported and processed again, and keeps its other data', async () => {
  const alice = await given.user();
  const [one, two] = [await ready(alice), await ready(alice)];
  await deleteUnder(`${one.folder}/derivatives/`);
  const damaged = { count: 1, examples: [`Track ${one.track.id}`] };
  expect(await checks(true)).toMatchObject({ ...ALL_WELL, damaged });
  const read = async (id: string) => (await alice.get<TrackDoc>(`/v1/tracks/${id}`)).body;
  expect((await read(one.track.id)).status).toBe('READY');
  expect(await checks(false)).toMatchObject({ ...ALL_WELL, damaged });
  expect(await read(one.track.id)).toMatchObject({ status: 'PROCESSING' });
  expect((await read(two.track.id)).status).toBe('READY');
  const job = await Job.collection.findOne({ 'input.document': new UUID(one.track.id) });
  expect(job).toMatchObject({ type: 'process-track', status: 'QUEUED' });
  expect(await checks(false)).toMatchObject(ALL_WELL);
});

test('a video whose stream lacks a segment is processed again', async () => {
  const alice = await given.user();
  const video = await alice.uploads(BYTES, {}, 'videos');
  const folder = `media/${alice.id}/videos/${video.id}`;
  const streamPath = `${folder}/derivatives/1/hls/1`;
  const names = ['master.m3u8', '360p.m3u8', '360p.m4s'];
  await puts(...names.map((name) => `${streamPath}/${name}`));
  const { etag } = (await headObject(video.filePath as string)) ?? {};
  const job = newId(Date.now());
  const rendition = { name: '360p', width: 640, height: 360, bandwidth: 1, codecs: 'avc1.64001f' };
  const stream = { status: 'READY', job, renditions: [rendition] };
  const derivativesPath = `${folder}/derivatives/1`;
  const set = {
    status: 'READY',
    object: { etag, sequencer: '' },
    derivativesPath,
    stream,
    streamPath,
  };
  await Video.collection.updateOne({ _id: new UUID(video.id) }, { $set: set });
  expect(await checks(true)).toMatchObject(ALL_WELL);
  for (const name of names) {
    await deleteUnder(`${streamPath}/${name}`);
    expect(await checks(true), name).toMatchObject({ damaged: { count: 1 } });
    await puts(`${streamPath}/${name}`);
  }
  await deleteUnder(`${streamPath}/360p.m4s`);
  expect(await checks(false)).toMatchObject({ damaged: { examples: [`Video ${video.id}`] } });
  expect((await alice.get(`/v1/videos/${video.id}`)).body.status).toBe('PROCESSING');
});

test('a medium in the trash that lacks an object is reported, and not changed', async () => {
  const alice = await given.user();
  const [whole, bare, halved] = [await ready(alice), await ready(alice), await ready(alice)];
  for (const { track } of [whole, bare, halved]) {
    expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(204);
  }
  await deleteUnder(`${bare.folder}/original`);
  await deleteUnder(`${halved.folder}/derivatives/`);
  for (const dryRun of [true, false, false]) {
    const { trashed, missing, damaged } = await checks(dryRun);
    expect([missing, damaged]).toEqual([NONE, NONE]);
    expect(trashed.examples.toSorted()).toEqual(
      [bare, halved].map(({ track }) => `Track ${track.id}`).toSorted(),
    );
  }
  expect((await alice.get<{ data: Doc[] }>('/v1/trash')).body.data).toHaveLength(3);
});

test('former versions that lack a derivative are only reported: processing would replace the current medium', async () => {
  const alice = await given.user();
  const { track, folder } = await ready(alice);
  const id = newId(Date.now());
  const filePath = `${folder}/versions/${idText(id)}/original`;
  await puts(filePath);
  const derivativesPath = `${folder}/versions/${idText(id)}/derivatives/1`;
  const derivatives = [{ name: 'cover', contentType: 'image/webp', status: 'READY', size: 1 }];
  const now = new Date();
  await MediumVersion.collection.insertOne({
    ...{ _id: id, user: new UUID(alice.id), kind: 'TRACK', track: new UUID(track.id) },
    ...{ fileName: 'a.mp3', contentType: 'audio/mpeg', size: 1, filePath, status: 'READY' },
    ...{ object: { etag: 'x', sequencer: '' }, progress: 100, derivatives, derivativesPath },
    ...{ createdAt: now, updatedAt: now, version: 1 },
  } as never);
  for (const dryRun of [true, false]) {
    const damaged = { count: 1, examples: [`MediumVersion ${idText(id)}`] };
    expect(await checks(dryRun)).toMatchObject({ damaged, missing: NONE });
  }
  expect(await MediumVersion.collection.findOne({ _id: id })).toMatchObject({ status: 'READY' });
});

test('where no run has time for everything, the runs of several nights together check everything', async () => {
  const lacking: string[] = [];
  const orphans: string[] = [];
  for (let n = 0; n < 4; n++) {
    const person = await given.user();
    const { track, folder } = await ready(person);
    await deleteUnder(`${folder}/original`);
    lacking.push(`Track ${track.id}`);
    const gone = `media/${person.id}/a-place/${newId(Date.now())}`;
    orphans.push(...(await puts(`${gone}/1`, `${gone}/2`)));
  }
  const seen = new Set<string>();
  // Each look at the clock costs a second: of each kind two pages are seen, and no more.
  await until('all have been seen', async () => {
    let left = 45_000;
    const timeLeft = () => {
      left -= 1000;
      return left;
    };
    const how = { dryRun: true, grace: 0, page: 2, timeLeft };
    const { unfinished, ...found } = await checkObjects(systemCtx('test'), how);
    expect(unfinished).toBe(true);
    expect(found.objects).toBeLessThan(6);
    for (const name of [...found.orphans.examples, ...found.missing.examples]) seen.add(name);
    return [...lacking, ...orphans].every((name) => seen.has(name));
  });
});

test('wherever a run starts, it checks each object exactly once', async () => {
  const all = await checks(true);
  const { length } = await everything();
  for (let n = 0; n < 20; n++) {
    const how = { dryRun: true, grace: 0, page: 3, timeLeft: () => 60_000 };
    const again = await checkObjects(systemCtx('test'), how);
    expect(again).toMatchObject({ objects: length, documents: all.documents });
    expect(again.orphans.count).toBe(all.orphans.count);
  }
});

test('a run that is out of time reports that it is unfinished', async () => {
  const how = { dryRun: true, timeLeft: () => 0 };
  await puts(`media/${newId(Date.now())}/tracks/${newId(Date.now())}/original`);
  expect(await checkObjects(systemCtx('test'), how)).toMatchObject({ unfinished: true });
});
