import '../harness/place.ts';
import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { tracks } from '../../functions/tracks.ts';
import { UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Track } from '../../src/models/media/track.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given, type Person, send } from '../harness/given.ts';
import { keysOf } from '../harness/objects.ts';
import { until } from '../harness/until.ts';
import { melody, wav } from '../samples/audio.ts';

/** Six seconds in C major. */
const SONG = wav(melody([60, 62, 64, 65, 67, 69, 71, 72, 72, 71, 69, 67, 65, 64, 60], 4));
const FILE = { contentType: 'audio/wav', fileName: 'song.wav' };

conforms(tracks, {
  make: (person) => person.track({ artist: 'Nobody' }),
  body: async (person) => ({
    name: 'Song',
    project: (await person.project()).id,
    fileName: 'song.mp3',
    contentType: 'audio/mpeg',
    size: 1000,
    trackNumber: 7,
  }),
  change: { name: 'Another song', genre: 'None', trackNumber: 3 },
  asRead: ({ upload, ...read }) => read,
});

const nothingLeft = (person: Person, track: Doc) =>
  until('its objects are gone', async () => (await keysOf(person, track)).length === 0);

test('S3 itself takes exactly the bytes that were declared, and takes them once', async () => {
  const alice = await given.user();
  const bytes = randomBytes(5000);
  const checksum = createHash('sha256').update(bytes).digest('base64');
  const { upload, id } = await alice.track({ size: bytes.length, checksum });
  const { headers } = upload;
  const longer = Buffer.concat([bytes, Buffer.from('!')]);
  const others = [
    send(upload, longer, { ...headers, 'content-length': String(longer.length) }),
    send(upload, bytes.subarray(1), { ...headers, 'content-length': '4999' }),
    send(upload, bytes, { ...headers, 'content-type': 'text/html' }),
    send(upload, randomBytes(5000)),
    send(upload, bytes, { ...headers, 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` }),
    send(upload, bytes, Object.fromEntries(Object.entries(headers).slice(0, 2))),
  ];
  for (const [n, other] of (await Promise.all(others)).entries()) {
    expect([400, 403], `${n}`).toContain(other.status);
  }
  const elsewhere = { ...upload, url: upload.url.replace('/original?', '/other?') };
  expect((await send(elsewhere, bytes)).status).toBe(403);
  expect(await keysOf(alice, { id } as Doc)).toEqual([]);
  expect((await send(upload, bytes)).status).toBe(200);
  expect((await send(upload, bytes)).status).toBe(412);
});

test('an upload can be renewed until its bytes have arrived, and only then is there a file', async () => {
  const alice = await given.user();
  const track = await alice.track({ size: SONG.length, ...FILE });
  expect((await alice.get(`/v1/tracks/${track.id}/file`)).status).toBe(409);
  const renewed = await alice.post<typeof track>(`/v1/tracks/${track.id}/upload`);
  expect(renewed.status).toBe(200);
  expect((await send(renewed.body.upload, SONG)).status).toBe(200);
  await alice.waitsFor(track, 'READY');
  expect((await alice.post(`/v1/tracks/${track.id}/upload`)).status).toBe(409);
});

test('what a client may not declare is refused', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const good = { name: 'Song', project, fileName: 'a.mp3', contentType: 'audio/mpeg', size: 1 };
  for (const [path, values] of Object.entries({
    size: [0, -1, 1.5, '1', 2 ** 53, null],
    contentType: ['text/html', 'audio/mpeg; charset', '', 7],
    fileName: ['', 'a\nb.mp3', 'a\0b', 'x'.repeat(256), 7],
    checksum: ['', 'x', 'A'.repeat(44), 7],
    name: ['', '   ', 'x'.repeat(121)],
    trackNumber: [0, 10_000, 1.5, '1'],
  })) {
    for (const value of values) {
      type Problem = Doc & { errors: { path: string }[] };
      const answer = await alice.post<Problem>('/v1/tracks', { ...good, [path]: value });
      expect(answer.status, `${path} ${value}`).toBe(422);
      expect(new Set(answer.body.errors.map((e) => e.path))).toEqual(new Set([path]));
    }
  }
});

test('bytes that are no music end in FAILED, and say so', async () => {
  const alice = await given.user();
  const track = await alice.uploads(randomBytes(50_000));
  expect(await alice.waitsFor(track, 'FAILED')).toMatchObject({ error: { code: 'CORRUPT_MEDIA' } });
});

test('a song becomes READY with what was heard in it, and its derivatives can be downloaded', async () => {
  const alice = await given.user();
  const fileName = 'Ünï "cødé" 日本語; a%41\\b\'s, (1)*.wav';
  const track = await alice.uploads(SONG, { ...FILE, fileName });
  const ready = await alice.waitsFor(track, 'READY');
  expect(ready).toMatchObject({
    progress: 100,
    fileName,
    contentType: 'audio/wav',
    size: SONG.length,
    checksum: createHash('sha256').update(SONG).digest('base64'),
    audio: { sampleRate: 44_100, channels: 1, lossless: true },
    analysis: { key: 'C', scale: 'MAJOR', loudness: { integratedLufs: expect.any(Number) } },
  });
  expect(ready.audio?.durationSeconds).toBeCloseTo(6, 1);
  const download = async (path: string) => {
    const link = await alice.get<{ url: string }>(`/v1/tracks/${track.id}/${path}`);
    const response = await fetch(link.body.url);
    const saved = response.headers.get('content-disposition') ?? '';
    const [, encoded = ''] = /filename\*=UTF-8''(\S+)$/.exec(saved) ?? [];
    expect(saved).toMatch(/^attachment; filename="[^"\\%]*"; filename\*=/);
    return {
      name: decodeURIComponent(encoded),
      type: response.headers.get('content-type'),
      bytes: Buffer.from(await response.arrayBuffer()),
    };
  };
  const savedAs = fileName.replace('\\', '_').replace('\\', '_');
  const original = await download('file');
  expect(original).toMatchObject({ name: savedAs, type: 'audio/wav' });
  expect(original.bytes.equals(SONG)).toBe(true);
  const names = ready.derivatives?.map((d) => d.name) ?? [];
  expect(names).toEqual(expect.arrayContaining(['waveform', 'preview']));
  for (const { name, contentType, size } of ready.derivatives ?? []) {
    const derivative = await download(`derivatives/${name}`);
    const extension = { waveform: 'json', preview: 'm4a' }[name];
    const saved = `${savedAs.replace('.wav', '')}-${name}.${extension}`;
    expect(derivative).toMatchObject({ name: saved, type: contentType });
    expect(derivative.bytes.length).toBe(size);
    if (name === 'waveform') {
      expect(JSON.parse(derivative.bytes.toString())).toMatchObject({ version: 2, bits: 8 });
    }
  }
  expect((await alice.get(`/v1/tracks/${track.id}/derivatives/cover`)).status).toBe(404);
});

test('reprocessing ends in READY again, with one set of derivatives', async () => {
  const alice = await given.user();
  const track = await alice.uploads(SONG, FILE);
  const first = await alice.waitsFor(track, 'READY');
  const again = await alice.post<Doc>(`/v1/tracks/${track.id}/reprocess`);
  expect(again).toMatchObject({ status: 202, body: { status: 'PROCESSING', progress: 0 } });
  expect((await alice.post(`/v1/tracks/${track.id}/reprocess`)).status).toBe(409);
  const second = await alice.waitsFor(track, 'READY');
  expect(second.analysis).toEqual(first.analysis);
  expect((await alice.get(`/v1/jobs/${again.body.job}`)).body.status).toBe('COMPLETED');
  const count = 1 + (second.derivatives?.length ?? 0);
  await until('one set is left', async () => (await keysOf(alice, track)).length === count);
  for (const { name } of second.derivatives ?? []) {
    const { body } = await alice.get<{ url: string }>(`/v1/tracks/${track.id}/derivatives/${name}`);
    expect((await fetch(body.url)).status, name).toBe(200);
  }
});

test('with a track its objects go, and with a project all of its tracks', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const [one, two] = await Promise.all([
    alice.uploads(SONG, { ...FILE, project }),
    alice.uploads(SONG, { ...FILE, project }),
  ]);
  await Promise.all([alice.waitsFor(one, 'READY'), alice.waitsFor(two, 'READY')]);
  expect((await alice.get(`/v1/projects/${project}`)).body.trackCount).toBe(2);
  const { body: link } = await alice.get<{ url: string }>(`/v1/tracks/${one.id}/file`);
  expect((await alice.delete(`/v1/tracks/${one.id}`)).status).toBe(204);
  expect((await alice.delete(`/v1/trash/${one.id}`)).status).toBe(204);
  await nothingLeft(alice, one);
  expect((await fetch(link.url)).status).toBe(404);
  expect((await alice.get(`/v1/projects/${project}`)).body.trackCount).toBe(1);
  expect((await keysOf(alice, two)).length).toBeGreaterThan(1);
  expect((await alice.delete(`/v1/projects/${project}`)).status).toBe(204);
  expect((await alice.get(`/v1/tracks/${two.id}`)).status).toBe(404);
  await nothingLeft(alice, two);
  expect(await Job.collection.countDocuments({ project: new UUID(project) })).toBe(0);
});

test('bytes that come when their track is gone do not stay', async () => {
  const alice = await given.user();
  const track = await alice.track({ size: SONG.length, ...FILE });
  expect((await alice.delete(`/v1/tracks/${track.id}`)).status).toBe(204);
  expect((await send(track.upload, SONG)).status).toBe(200);
  await nothingLeft(alice, track);
});

test('the ETag of a track changes with its progress, so that nobody polls an old one', async () => {
  const alice = await given.user();
  const { id } = await alice.track();
  const etag = (await alice.get(`/v1/tracks/${id}`)).headers.get('etag') as string;
  await Track.collection.updateOne({ _id: new UUID(id) }, { $set: { progress: 40 } });
  const again = await alice.get(`/v1/tracks/${id}`, { 'if-none-match': etag });
  expect(again).toMatchObject({ status: 200, body: { progress: 40 } });
  // What moves by itself is no reason to refuse a change.
  expect((await alice.patch(`/v1/tracks/${id}`, { name: 'B' }, { 'if-match': etag })).status).toBe(
    200,
  );
});
