import '../harness/place.ts';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { projectImports } from '../../functions/project-imports.ts';
import { UUID } from '../../src/data/ids.ts';
import { Image } from '../../src/models/media/image.ts';
import { Track as TrackModel } from '../../src/models/media/track.ts';
import { Video } from '../../src/models/media/video.ts';
import { headObject } from '../../src/providers/s3.ts';
import { openZip } from '../../src/services/exports/import/open-zip.ts';
import { conforms } from '../conforms.ts';
import { type Doc, given, type Person, send, type Track } from '../harness/given.ts';
import { keysOf, putObject } from '../harness/objects.ts';
import { stored } from '../harness/stored.ts';
import { until } from '../harness/until.ts';
import { studio } from '../samples/audio.ts';
import { photograph } from '../samples/images.ts';
import { exported, fileOf, readyMedium } from './given.ts';

const PATH = '/v1/projects/import';
const declare = (size: number) => ({ fileName: 'album.zip', contentType: 'application/zip', size });

conforms(projectImports, {
  make: async (person) => (await person.post<Doc>(PATH, declare(1000))).body,
  body: async () => declare(1000),
  asRead: ({ upload, ...read }) => read,
});

/** Imports a ZIP, and waits for its end. */
async function imported(
  person: Person,
  bytes: Buffer,
): Promise<Doc & { error?: { code: string; message: string } }> {
  const { body: made, status, text } = await person.post<Track>(PATH, declare(bytes.length));
  if (status !== 201) throw new Error(text);
  expect((await send(made.upload, bytes)).status).toBe(200);
  return until('the import has ended', async () => {
    const { body } = await person.get<Doc>(`${PATH}/${made.id}`);
    return ['READY', 'FAILED'].includes(body.status) && body;
  });
}

test('an exported project is imported again: bytes, fields and relations are equal', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({
    name: 'An album',
    description: 'Of one song.',
    settings: { mood: 'blue' },
  });
  const song = await files.make('söng.wav', '-f', 'lavfi', '-i', 'sine=d=1');
  const track = await readyMedium(alice, project, song, 'tracks', {
    name: 'Song',
    artist: 'Ada',
    trackNumber: 2,
    lyrics: 'la',
  });
  const image = await files.write('cover.jpg', await photograph(64, 64).jpeg().toBuffer());
  const cover = await readyMedium(alice, project, image, 'images', { contentType: 'image/jpeg' });
  await alice.patch(`/v1/projects/${project}`, { coverImage: cover.id });
  const bytes = await fileOf(alice, await exported(alice, { project, format: 'ZIP' }));

  const bob = await given.user();
  const made = await imported(bob, bytes);
  expect(made.error).toBeUndefined();
  expect(made).toMatchObject({ status: 'READY', mediaCount: 2 });
  const { body: copy } = await bob.get<Doc>(`/v1/projects/${made.project}?include=tracks,images`);
  expect(copy).toMatchObject({
    name: 'An album',
    description: 'Of one song.',
    settings: { mood: 'blue' },
    trackCount: 1,
  });
  const [copied] = copy.tracks as Track[];
  const [copiedCover] = copy.images as Track[];
  expect(copiedCover?.id).toBe(copy.coverImage);
  const ready = await bob.waitsFor(copied as Track, 'READY');
  for (const field of [
    'name',
    'artist',
    'trackNumber',
    'lyrics',
    'fileName',
    'checksum',
    'size',
    'audio',
    'analysis',
  ]) {
    expect(ready[field], field).toEqual(track[field]);
  }
  await bob.waitsFor(copiedCover as Track, 'READY', undefined, 'images');

  await bob.delete(`${PATH}/${made.id}`);
  await until(
    'the ZIP is gone',
    async () => (await keysOf(bob, made, 'projectImports')).length === 0,
  );
  expect((await bob.get(`/v1/projects/${made.project}`)).status).toBe(200);
});

test('what was made from what comes out equal, with its lineage; so do the video of a track and the status', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({ name: 'Generated' });
  const song = await files.make('song.wav', '-f', 'lavfi', '-i', 'sine=d=1');
  const track = await readyMedium(alice, project, song);
  const image = await files.write('still.jpg', await photograph(64, 64).jpeg().toBuffer());
  const still = await readyMedium(alice, project, image, 'images', { contentType: 'image/jpeg' });
  const color = 'color=red:s=64x64:d=1';
  const film = await files.make('film.mp4', '-f', 'lavfi', '-i', color, '-pix_fmt', 'yuv420p');
  const values = { contentType: 'video/mp4', track: track.id };
  const video = await readyMedium(alice, project, film, 'videos', values);
  // As if they had come from a pod: the video is listed before the image that it was made from.
  const lineage = { digitalSourceType: 'trainedAlgorithmicMedia', seeds: { '3': 7 }, node: '9' };
  const elsewhere = '01a2265f-acef-7000-b7a5-f0024d627abb';
  const generate = (entity: typeof Video | typeof Image, { id }: Doc, madeFrom: string[]) =>
    entity.collection.updateOne({ _id: new UUID(id) }, { $set: { lineage, madeFrom } });
  await generate(Video, video, [still.id, elsewhere, track.id]);
  await generate(Image, still, [elsewhere]);
  await alice.post(`/v1/projects/${project}/activate`, {});
  await alice.post(`/v1/projects/${project}/archive`, {});
  const bytes = await fileOf(alice, await exported(alice, { project, format: 'ZIP' }));

  const bob = await given.user();
  const made = await imported(bob, bytes);
  expect(made.error).toBeUndefined();
  const { body: copy } = await bob.get<Doc>(
    `/v1/projects/${made.project}?include=tracks,images,videos`,
  );
  expect(copy.status).toBe('ARCHIVED');
  const [newTrack, newStill, newVideo] = ['tracks', 'images', 'videos'].map(
    (kind) => (copy[kind] as Doc[])[0],
  );
  expect(newVideo).toMatchObject({ lineage, track: newTrack?.id });
  expect(newVideo?.madeFrom).toEqual([newStill?.id, newTrack?.id]);
  expect(newStill?.lineage).toEqual(lineage);
  expect(newStill?.madeFrom).toBeUndefined();
  const { body: walked } = await bob.get<{ sources: Doc[] }>(`/v1/videos/${newVideo?.id}/lineage`);
  expect(walked.sources.map(({ id }) => id).toSorted()).toEqual(
    [newStill?.id, newTrack?.id].toSorted(),
  );
});

test('a project whose manifest no import would take is not exported', async () => {
  const alice = await given.user();
  const { id } = await alice.project();
  const project = new UUID(id);
  const track = {
    ...{ project, status: 'READY', object: { etag: 'none' }, lyrics: '夜'.repeat(20_000) },
  };
  for (let n = 0; n < 300; n++) await stored(TrackModel, alice, track);
  const { status, body } = await alice.post<{ errors: Doc[] }>('/v1/exports', {
    ...{ project: id, format: 'ZIP' },
  });
  expect([status, body.errors]).toEqual([
    ...[422, [{ path: 'project', message: expect.stringMatching(/manifest.*16 MB/) }]],
  ]);
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
const content = Buffer.from('not really music');
const medium = {
  ...{ kind: 'TRACK', id: 'x', file: 'tracks/a.mp3', fileName: 'a.mp3', contentType: 'audio/mpeg' },
  ...{ size: content.length, checksum: sha256(content), fields: { name: 'A' } },
};
const manifest = (media: object[] = [medium], project: object = { name: 'P' }) =>
  Buffer.from(JSON.stringify({ format: 'mixdown-project', version: 1, project, media }));

/** A ZIP of files by their names. */
function zipOf(files: Record<string, Buffer>, compress = false): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name, { compress });
  zip.end();
  return buffer(zip.outputStream);
}

/** A good ZIP with so many empty files more, each with a comment of so many bytes. */
async function zipWithComments(count: number, length: number): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(good)) zip.addBuffer(bytes, name);
  // Spread, because yazl's types do not know of comments.
  const options = { compress: false, ...{ fileComment: 'c'.repeat(length) } };
  for (let n = 0; n < count; n++) zip.addBuffer(Buffer.alloc(0), `e${n}`, options);
  zip.end();
  return buffer(zip.outputStream);
}

const crowd = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 0]));

/** Changes bytes of a ZIP, so many after a signature. */
function edit(
  zip: Buffer,
  signature: string,
  offset: number,
  change: (zip: Buffer, at: number) => unknown,
): Buffer {
  change(zip, zip.indexOf(signature, 0, 'latin1') + offset);
  return zip;
}

/** Renames a file within a ZIP to a name of the same length, which yazl would not write. */
function rename(zip: Buffer, from: string, to: string): Buffer {
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
}

const good = { 'manifest.json': manifest(), 'tracks/a.mp3': content };
const refusals: [string, string, RegExp, () => Promise<Buffer>][] = [
  ['what is no ZIP', 'INVALID_ARCHIVE', /cannot be read/, async () => Buffer.alloc(5000, 7)],
  [
    'a ZIP that was cut off',
    'INVALID_ARCHIVE',
    /cannot be read/,
    async () => (await zipOf(good)).subarray(0, 200),
  ],
  [
    'a path out of the archive',
    'INVALID_ARCHIVE',
    /\.\./,
    async () => rename(await zipOf(good), 'tracks/a.mp3', '../cks/a.mp3'),
  ],
  [
    'an absolute path',
    'INVALID_ARCHIVE',
    /absolute/,
    async () => rename(await zipOf(good), 'tracks/a.mp3', '/racks/a.mp3'),
  ],
  ['a bomb', 'TOO_LARGE', /grow/, () => zipOf({ ...good, bomb: Buffer.alloc(80_000_000) }, true)],
  [
    'a directory that would fill the memory',
    'TOO_LARGE',
    /directory.*16 MB/,
    () => zipWithComments(300, 65_000),
  ],
  [
    'more files than a project may have',
    'TOO_LARGE',
    /more than 8001 files/,
    () => zipWithComments(8002, 0),
  ],
  [
    'a directory after the end of the file',
    'INVALID_ARCHIVE',
    /cannot be read/,
    async () =>
      edit(await zipOf(good), 'PK\x05\x06', 16, (zip, at) => zip.writeUInt32LE(0xfffffff0, at)),
  ],
  [
    'a file after the end of the file',
    'INVALID_ARCHIVE',
    /cannot be read/,
    async () =>
      edit(await zipOf(good), 'PK\x01\x02', 42, (zip, at) => zip.writeUInt32LE(0xfffffff0, at)),
  ],
  [
    'a file whose packed bytes are damaged',
    'INVALID_ARCHIVE',
    /cannot be read/,
    async () =>
      edit(await zipOf(good, true), 'manifest.json', 13, (zip, at) => zip.fill(0xff, at, at + 20)),
  ],
  ['no manifest', 'INVALID_MANIFEST', /no manifest/, () => zipOf({ 'tracks/a.mp3': content })],
  [
    'a manifest that is no JSON',
    'INVALID_MANIFEST',
    /not JSON/,
    () => zipOf({ 'manifest.json': content }),
  ],
  [
    'a manifest of something else',
    'INVALID_MANIFEST',
    /format.*media/s,
    () => zipOf({ 'manifest.json': Buffer.from('{"format":1}') }),
  ],
  [
    'a file that is not there',
    'INVALID_MANIFEST',
    /is not in the ZIP/,
    () => zipOf({ 'manifest.json': manifest() }),
  ],
  [
    'another size',
    'INVALID_MANIFEST',
    /size: the file has 16 bytes/,
    () => zipOf({ ...good, 'manifest.json': manifest([{ ...medium, size: 17 }]) }),
  ],
  [
    'another checksum',
    'INVALID_MANIFEST',
    /checksum/,
    () => zipOf({ ...good, 'tracks/a.mp3': Buffer.from('not really Music') }),
  ],
  [
    'fields that clients may not write',
    'INVALID_MANIFEST',
    /status/,
    () =>
      zipOf({
        ...good,
        'manifest.json': manifest([{ ...medium, fields: { name: 'A', status: 'READY' } }]),
      }),
  ],
  [
    'relations to what is not there, or of another kind',
    'INVALID_MANIFEST',
    /media\.0\.relations\.track: names no such.*media\.1\.relations\.other/s,
    () =>
      zipOf({
        ...good,
        'videos/b.mp4': content,
        'manifest.json': manifest([
          { ...medium, kind: 'VIDEO', contentType: 'video/mp4', relations: { track: 'gone' } },
          { ...medium, id: 'y', file: 'videos/b.mp4', relations: { other: 'x' } },
        ]),
      }),
  ],
  [
    'a lineage or a status that nothing has',
    'INVALID_MANIFEST',
    /status.*madeFrom.*lineage: .*exceeds 16384 bytes/s,
    () =>
      zipOf({
        ...good,
        'manifest.json': manifest(
          [{ ...medium, madeFrom: [1], lineage: { x: 'x'.repeat(16_384) } }],
          { name: 'P', status: 'DONE' },
        ),
      }),
  ],
  [
    'a reference to what is not in the ZIP',
    'INVALID_MANIFEST',
    /media\.0\.track: is not allowed/,
    () => {
      const fields = { name: 'A', track: '01a2265f-acef-7000-b7a5-f0024d627abb' };
      const video = { ...medium, kind: 'VIDEO', contentType: 'video/mp4', fields };
      return zipOf({ ...good, 'manifest.json': manifest([video]) });
    },
  ],
  [
    'more media than there may be',
    'TOO_LARGE',
    /at most 8000 media/,
    () =>
      zipOf(
        { ...good, 'manifest.json': manifest(Array.from({ length: 200_000 }, () => ({}))) },
        true,
      ),
  ],
  [
    'more keys than anything may have',
    'INVALID_MANIFEST',
    /over 50 keys/,
    () =>
      zipOf({ ...good, 'manifest.json': manifest([{ ...medium, fields: crowd(200_000) }]) }, true),
  ],
  [
    'more keys than all may have',
    'INVALID_MANIFEST',
    /over 500000 keys/,
    () => zipOf({ ...good, 'manifest.json': manifest([crowd(600_000)]) }, true),
  ],
  [
    'keys that are operators of the database',
    'INVALID_MANIFEST',
    /settings\.\$where/,
    () => zipOf({ ...good, 'manifest.json': manifest([], { name: 'P', settings: { $where: 1 } }) }),
  ],
  [
    'a project without a name',
    'INVALID_MANIFEST',
    /project.name/,
    () => zipOf({ ...good, 'manifest.json': manifest([medium], { name: '' }) }),
  ],
  [
    'more than may be stored',
    'INVALID_MANIFEST',
    /size/,
    () => zipOf({ ...good, 'manifest.json': manifest([{ ...medium, size: 60_000_000_000 }]) }),
  ],
];

test('the directory of a ZIP is read by a few requests, however many files it lists', async () => {
  const bytes = await zipWithComments(4000, 20);
  await putObject('many.zip', bytes);
  const etag = (await headObject('many.zip'))?.etag ?? '';
  let requests = 0;
  const count = () => requests++;
  subscribe('http.client.request.start', count);
  const object = { key: 'many.zip', etag, size: bytes.length };
  const { entries } = await openZip(object, new AbortController().signal);
  unsubscribe('http.client.request.start', count);
  expect(entries.size).toBe(4002);
  expect([...entries.values()].every(({ fileComment }) => fileComment === undefined)).toBe(true);
  expect(requests).toBeGreaterThan(0); // that they are counted at all
  expect(requests).toBeLessThanOrEqual(3);
});

test('what cannot be imported is refused by a sentence, and leaves no project', async () => {
  const alice = await given.user();
  const wrong: string[] = [];
  for (const [name, code, message, make] of refusals) {
    const { status, error } = await imported(alice, await make());
    if (status !== 'FAILED' || error?.code !== code || !message.test(error.message)) {
      wrong.push(`${name}: ${status} ${error?.code} ${error?.message}`);
    }
  }
  expect(wrong.join('\n')).toBe('');
  await until('no project is left', async () => {
    const { body } = await alice.get<{ data: Doc[] }>('/v1/projects');
    return body.data.length === 0;
  });
}, 240_000);
