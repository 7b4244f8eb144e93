import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.SINGLE_PUT_BYTES = '100000';
  process.env.PART_BYTES = String(5 * 1024 * 1024);
});

import '../harness/place.ts';
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { handler as uploaded } from '../../functions/media-uploaded.ts';
import { handler as reconcile } from '../../functions/reconcile.ts';
import { systemCtx } from '../../src/context.ts';
import { entityNamed } from '../../src/data/entity.ts';
import { newId, UUID } from '../../src/data/ids.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Audio } from '../../src/models/media/audio.ts';
import { abortMultipart, listOpenUploads, startMultipart } from '../../src/providers/multipart.ts';
import { headObject, listKeys } from '../../src/providers/s3.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import type { Medium } from '../../src/services/media/medium.ts';
import { completeParts, completeUpload } from '../../src/services/uploads/complete.ts';
import { abortOrphanedUploads } from '../../src/services/uploads/orphans.ts';
import type { Problem } from '../contract/held.ts';
import { chance } from '../harness/chance.ts';
import { isShifted } from '../harness/faketime.ts';
import { type Doc, given, type MediaKind, type Person } from '../harness/given.ts';
import { invocation, s3Event, s3Record } from '../harness/invocations.ts';
import { completes, goOn, inParts, type Part, type Sent } from '../harness/part-uploads.ts';
import { api } from '../harness/place.ts';
import { until } from '../harness/until.ts';

const PART = 5 * 1024 * 1024;
const HOUR = 3_600_000;
const KINDS: [MediaKind, string][] = [
  ['tracks', 'Track'],
  ['audios', 'Audio'],
  ['videos', 'Video'],
  ['images', 'Image'],
];

const at = (kind: MediaKind, { id }: { id: string }) => `/v1/${kind}/${id}`;
const by = (person: Person) => ({ token: person.token, api });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
const pieceOf =
  (bytes: Buffer) =>
  ({ partNumber, size }: { partNumber: number; size: number }) =>
    bytes.subarray((partNumber - 1) * PART, (partNumber - 1) * PART + size);

/** Uploads of this medium that S3 knows. */
async function open(person: Person, kind: MediaKind, { id }: Doc): Promise<string[]> {
  const all: string[] = [];
  for await (const page of listOpenUploads(`media/${person.id}/${kind}/${id}/`)) {
    all.push(...page.map((u) => u.uploadId));
  }
  return all;
}

const noneOpen = (person: Person, kind: MediaKind, made: Doc) =>
  until('S3 has no parts of it', async () => (await open(person, kind, made)).length === 0);

async function stored(person: Person, path: string): Promise<Buffer> {
  const { body } = await person.get<{ url: string }>(`${path}/file`);
  return Buffer.from(await (await fetch(body.url)).arrayBuffer());
}

/** A medium of some parts, all of which have arrived. */
async function sentWhole(person: Person, kind: MediaKind, size = PART + 1000) {
  const bytes = randomBytes(size);
  const made = await inParts(person, kind, { size });
  const parts = (await goOn(by(person), at(kind, made), pieceOf(bytes), new Map())) as Part[];
  return { made, bytes, parts, path: at(kind, made) };
}

test('an upload of 12 parts that is interrupted 3 times sends no part more than twice', async () => {
  const alice = await given.user();
  const random = chance();
  const bytes = randomBytes(11 * PART + 1234);
  const made = await inParts(alice, 'videos', { size: bytes.length, checksum: sha256(bytes) });
  expect(made.upload).toMatchObject({ method: 'MULTIPART', partSize: PART, partCount: 12 });
  expect(made.upload).toMatchObject({ uploaded: [], nextPart: null });
  expect(made.upload.parts.map((p) => p.size)).toEqual([...Array(11).fill(PART), 1234]);
  const path = at('videos', made);
  const sent: Sent = new Map();
  for (let n = 0; n < 3; n++) {
    const options = { lanes: 1, breakAfter: 1 + random.below(3) };
    expect(await goOn(by(alice), path, pieceOf(bytes), sent, options)).toBeUndefined();
  }
  const parts = (await goOn(by(alice), path, pieceOf(bytes), sent)) as Part[];
  expect(Math.max(...sent.values())).toBe(2);
  expect([...sent.values()].reduce((a, b) => a + b)).toBe(12 + 3);
  const done = await completes(alice, path, parts);
  expect(done.status).toBe(202);
  expect(done.body.status).not.toBe('AWAITING_UPLOAD');
  expect((await stored(alice, path)).equals(bytes)).toBe(true);
  expect(await open(alice, 'videos', made)).toEqual([]);
});

describe.concurrent.each(KINDS)('%s', (kind, entity) => {
  test('in parts are completed once, however often and by however many clients that is asked', async () => {
    const alice = await given.user();
    const { path, parts, bytes } = await sentWhole(alice, kind);
    const quoted = parts.map((p) => ({ ...p, etag: `"${p.etag.replaceAll('"', '')}"` }));
    const both = await Promise.all([completes(alice, path, parts), completes(alice, path, quoted)]);
    const again = await completes(alice, path, parts);
    for (const { status, body } of [...both, again]) {
      expect([status, body]).toMatchObject([202, { id: path.split('/').at(-1) }]);
      expect(body.status).not.toBe('AWAITING_UPLOAD');
      expect(body).not.toHaveProperty('multipart');
    }
    expect((await stored(alice, path)).equals(bytes)).toBe(true);
    const jobs = { 'input.document': new UUID(again.body.id), type: /^process/ };
    expect(await Job.collection.countDocuments(jobs)).toBeLessThanOrEqual(1);
    expect((await alice.post(`${path}/upload`)).status).toBe(409);
    expect((await alice.delete(`${path}/upload`)).status).toBe(409);
  });

  test('in parts lose them when the upload is aborted, and can be uploaded again', async () => {
    const alice = await given.user();
    const { made, path, parts, bytes } = await sentWhole(alice, kind);
    const [old] = await open(alice, kind, made);
    expect((await alice.delete(`${path}/upload`)).status).toBe(204);
    expect((await alice.delete(`${path}/upload`)).status).toBe(404);
    expect(await open(alice, kind, made)).toEqual([]);
    expect((await completes(alice, path, parts)).status).toBe(409);
    expect((await alice.get(path)).body.status).toBe('AWAITING_UPLOAD');
    const anew = (await goOn(by(alice), path, pieceOf(bytes), new Map())) as Part[];
    expect(await open(alice, kind, made)).not.toEqual([old]);
    expect((await completes(alice, path, anew)).status).toBe(202);
    expect((await stored(alice, path)).equals(bytes)).toBe(true);
  });

  // Elsewhere nothing is deleted for its age.
  test.skipIf(isShifted)(
    'in parts leave none in S3 when they are deleted, or not continued for a day',
    async () => {
      const alice = await given.user();
      const { made, path } = await sentWhole(alice, kind);
      const { made: forgotten, path: there } = await sentWhole(alice, kind);
      const { made: renewed, path: kept } = await sentWhole(alice, kind);
      expect((await alice.delete(path)).status).toBe(204);
      await noneOpen(alice, kind, made);
      const old = new Date(Date.now() - 25 * HOUR);
      for (const { id } of [forgotten, renewed]) {
        const set = { $set: { createdAt: old, updatedAt: old } };
        await entityNamed(entity).collection.updateOne({ _id: new UUID(id) }, set);
      }
      expect((await alice.post(`${kept}/upload`)).status).toBe(200);
      await reconcile({}, invocation());
      expect((await alice.get(there)).status).toBe(404);
      await noneOpen(alice, kind, forgotten);
      expect((await alice.get(kept)).body.status).toBe('AWAITING_UPLOAD');
      expect(await open(alice, kind, renewed)).toHaveLength(1);
    },
  );

  test('in parts cannot be renewed, completed or aborted by another user', async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const { made, path, parts } = await sentWhole(alice, kind);
    const missing = at(kind, { id: newId(Date.now()).toString() });
    for (const there of [path, missing]) {
      expect((await bob.post(`${there}/upload`)).status).toBe(404);
      expect((await completes(bob, there, parts)).status).toBe(404);
      expect((await bob.delete(`${there}/upload`)).status).toBe(404);
    }
    expect(await open(alice, kind, made)).toHaveLength(1);
    expect((await alice.get(path)).body.status).toBe('AWAITING_UPLOAD');
  });

  test('with the bytes of an earlier one are reported as duplicates, and copied within S3 on request', async () => {
    const [alice, bob] = await Promise.all([given.user(), given.user()]);
    const bytes = randomBytes(5000);
    const values = { size: bytes.length, checksum: sha256(bytes), contentType: TYPES[kind] };
    // Of bytes that are no such medium: that it is READY all the same is for the test.
    const one = await alice.uploads(bytes, values, kind);
    await alice.waitsFor(one, 'FAILED', undefined, kind);
    const create = async (person: Person, query = '') => {
      const project = { ...(kind === 'tracks' && { project: (await person.project()).id }) };
      const body = { name: 'Again', fileName: 'a.bin', ...values, ...project };
      return person.post<Doc>(`/v1/${kind}${query}`, body);
    };
    expect((await create(alice)).body).not.toHaveProperty('duplicateOf');
    await entityNamed(entity).collection.updateOne(
      { _id: new UUID(one.id) },
      { $set: { status: 'READY' }, $unset: { error: 1 } },
    );
    const told = await create(alice);
    expect(told.body).toMatchObject({ duplicateOf: one.id, upload: { method: 'PUT' } });
    expect((await create(bob, '?onDuplicate=REUSE')).body).toMatchObject({ upload: {} });
    const wrong = await create(alice, '?onDuplicate=never');
    expect(wrong).toMatchObject({ status: 400, body: { code: 'INVALID_QUERY' } });
    const two = await create(alice, '?onDuplicate=REUSE');
    expect(two.status).toBe(201);
    expect(two.body).toMatchObject({ duplicateOf: one.id, job: expect.any(String) });
    expect(two.body).not.toHaveProperty('upload');
    const path = at(kind, two.body);
    await until('it is copied', async () => (await alice.get(path)).body.status !== AWAITED);
    expect((await alice.delete(at(kind, one))).status).toBe(204);
    expect((await alice.delete(`/v1/trash/${one.id}`)).status).toBe(204);
    await until('the first is gone', async () => !(await headObject(one.filePath as string)));
    expect((await stored(alice, path)).equals(bytes)).toBe(true);
  });
});

const AWAITED = 'AWAITING_UPLOAD';
const TYPES: Record<MediaKind, string> = {
  tracks: 'audio/mpeg',
  audios: 'audio/mpeg',
  videos: 'video/mp4',
  images: 'image/png',
};

test('an upload that S3 completes slowly is completed by one job, however many ask for it', async () => {
  const alice = await given.user();
  const { made, path, parts, bytes } = await sentWhole(alice, 'audios');
  const ctx = systemCtx('test');
  const read = async () =>
    (await Audio.collection.findOne({ _id: new UUID(made.id) })) as unknown as Medium;
  const named = parts.map((p) => ({ ...p, etag: p.etag.replaceAll('"', '') }));
  const job = await completeParts(ctx, Audio, await read(), named, 0);
  expect(job).toBeDefined();
  await until('the job has ended', async () => {
    return (await alice.get(`/v1/jobs/${job}`)).body.status === 'COMPLETED';
  });
  expect((await completes(alice, path, parts)).body.status).not.toBe(AWAITED);
  expect((await stored(alice, path)).equals(bytes)).toBe(true);
  const completing = { type: 'complete-upload', 'input.document': new UUID(made.id) };
  expect(await Job.collection.countDocuments(completing)).toBe(1);
});

test('while a job completes an upload, whoever asks for that is told of this job', async () => {
  const alice = await given.user();
  const { made, path, parts } = await sentWhole(alice, 'audios');
  const _id = new UUID(made.id);
  const { multipart } = (await Audio.collection.findOne({ _id })) as unknown as Medium;
  const input = { entity: 'Audio', document: _id, uploadId: multipart?.uploadId as string };
  const job = await enqueue(systemCtx('test'), completeUpload, { input, delay: 3600 });
  await Audio.collection.updateOne({ _id }, { $set: { 'multipart.completing': job._id } });
  const { body } = await completes(alice, path, parts);
  expect([body.job, body.status]).toEqual([job._id.toString(), AWAITED]);
});

test('a completion with faults names each of them, and completes nothing', async () => {
  const alice = await given.user();
  const bytes = randomBytes(3 * PART);
  const made = await inParts(alice, 'videos', { size: bytes.length });
  const path = at('videos', made);
  const half = { lanes: 1, breakAfter: 1 };
  await goOn(by(alice), path, pieceOf(bytes), new Map(), half);
  const faults = async (parts: Partial<Part>[]) => {
    const answer = await completes(alice, path, parts);
    expect(answer.status).toBe(422);
    const { errors } = answer.body as unknown as Problem;
    return errors.map((e) => `${e.path}: ${e.message}`);
  };
  const etag = 'd41d8cd98f00b204e9800998ecf8427e';
  expect(await faults([1, 2, 3].map((partNumber) => ({ partNumber, etag })))).toEqual([
    'parts.0.etag: differs from that of part 1 in S3',
    'parts.1.partNumber: part 2 has not arrived',
    'parts.2.partNumber: part 3 has not arrived',
  ]);
  const parts = (await goOn(by(alice), path, pieceOf(bytes), new Map())) as [Part, Part, Part];
  const [one, two, three] = parts;
  expect(await faults([one, three])).toEqual(['parts: part 2 is not listed']);
  expect(await faults([two, one, three])).toEqual([
    'parts.1.partNumber: parts must be in ascending order, each once',
  ]);
  expect(await faults([one, two, two, three])).toHaveLength(1);
  expect(await faults([one, two, three, { partNumber: 4, etag }])).toEqual([
    'parts.3.partNumber: there are 3 parts',
  ]);
  expect(await faults([{ partNumber: 1 }, {}])).toHaveLength(3);
  expect(await faults([])).toHaveLength(1);
  expect((await alice.get(path)).body.status).toBe(AWAITED);
  expect((await completes(alice, path, parts)).status).toBe(202);
});

test('an upload in one PUT can be neither completed nor aborted', async () => {
  const alice = await given.user();
  const path = at('images', await alice.medium('images'));
  const parts = [{ partNumber: 1, etag: 'a' }];
  expect((await completes(alice, path, parts)).status).toBe(409);
  expect((await alice.delete(`${path}/upload`)).status).toBe(409);
});

test('the URLs of parts come in pages, and a completion may name ten thousand parts', async () => {
  const alice = await given.user();
  const made = await inParts(alice, 'videos', { size: 50_000_000_000 });
  const path = at('videos', made);
  const { partCount, partSize } = made.upload;
  expect(partCount).toBe(Math.ceil(50_000_000_000 / partSize));
  expect(partCount).toBeGreaterThan(9000);
  expect(made.upload.parts).toHaveLength(100);
  expect(made.upload.nextPart).toBe(101);
  const from = async (n: number | string) =>
    (await alice.post<typeof made>(`${path}/upload?fromPart=${n}`)).body.upload;
  expect((await from(101)).parts.map((p) => p.partNumber)).toEqual(
    Array.from({ length: 100 }, (_, i) => 101 + i),
  );
  const last = await from(partCount);
  expect(last).toMatchObject({ nextPart: null, parts: [{ partNumber: partCount }] });
  const total = (partCount - 1) * partSize + (last.parts[0]?.size ?? 0);
  expect(total).toBe(50_000_000_000);
  expect((await from(10_000)).parts).toEqual([]);
  for (const wrong of ['0', '-1', '10001', 'x', '1.5']) {
    expect((await alice.post(`${path}/upload?fromPart=${wrong}`)).status, wrong).toBe(400);
  }
  const key = { 'idempotency-key': randomBytes(8).toString('hex') };
  const page = await alice.post<typeof made>(`${path}/upload?fromPart=201`, undefined, key);
  expect(page.body.upload.nextPart).toBe(301);
  expect((await alice.post(`${path}/upload?fromPart=301`, undefined, key)).status).toBe(422);
  const etag = 'd41d8cd98f00b204e9800998ecf8427e';
  const all = Array.from({ length: 10_000 }, (_, i) => ({ partNumber: i + 1, etag }));
  const answer = await completes(alice, path, all);
  expect(answer.status).toBe(422);
  expect((answer.body as unknown as Problem).errors).toHaveLength(100);
});

test('S3 may announce an upload before and after its completion, any number of times', async () => {
  const alice = await given.user();
  const tell = async (made: Doc, sequencer: string) =>
    uploaded(s3Event(s3Record(made.filePath as string, { sequencer })), invocation());
  const { made, path, parts } = await sentWhole(alice, 'tracks');
  await tell(made, '0055AED6DCD90281E0');
  expect((await alice.get(path)).body.status).toBe(AWAITED);
  const done = completes(alice, path, parts);
  await Promise.all([done, tell(made, '0055AED6DCD90281E5'), tell(made, '0055AED6DCD90281E6')]);
  for (const sequencer of ['0055AED6DCD90281E4', '0055AED6DCD90281E7', '']) {
    await tell(made, sequencer);
  }
  expect((await done).status).toBe(202);
  const jobs = { 'input.document': new UUID(made.id), type: /^process/ };
  expect(await Job.collection.countDocuments(jobs)).toBe(1);
});

test('a completion in S3 whose answer was lost is found by the next request', async () => {
  const alice = await given.user();
  const { made, path, parts } = await sentWhole(alice, 'images');
  await completes(alice, path, parts);
  const _id = new UUID(made.id);
  const images = entityNamed('Image').collection;
  const asBefore = { $set: { status: AWAITED }, $unset: { object: 1, error: 1 } };
  const statusOf = async () => (await alice.get(path)).body.status;
  await images.updateOne({ _id }, asBefore);
  expect((await completes(alice, path, parts)).status).toBe(202);
  expect(await statusOf()).not.toBe(AWAITED);
  await images.updateOne({ _id }, asBefore);
  expect((await alice.post(`${path}/upload`)).status).toBe(409);
  expect(await statusOf()).not.toBe(AWAITED);
  await images.updateOne({ _id }, asBefore);
  expect((await alice.delete(`${path}/upload`)).status).toBe(409);
  expect(await statusOf()).not.toBe(AWAITED);
});

test('an upload that S3 no longer knows is started again, once', async () => {
  const alice = await given.user();
  const { made, path, parts, bytes } = await sentWhole(alice, 'videos');
  const [known = ''] = await open(alice, 'videos', made);
  await abortMultipart(made.filePath as string, known);
  expect((await completes(alice, path, parts)).status).toBe(409);
  const renewed = await Promise.all([1, 2, 3].map(() => alice.post<typeof made>(`${path}/upload`)));
  expect(renewed.map((r) => r.body.upload.uploaded)).toEqual([[], [], []]);
  expect(await open(alice, 'videos', made)).toHaveLength(1);
  const anew = (await goOn(by(alice), path, pieceOf(bytes), new Map())) as Part[];
  expect((await completes(alice, path, anew)).status).toBe(202);
});

test('a medium deleted while its parts are uploaded leaves nothing in S3', async () => {
  const alice = await given.user();
  const bytes = randomBytes(8 * PART);
  const made = await inParts(alice, 'videos', { size: bytes.length });
  const path = at('videos', made);
  const sent: Sent = new Map();
  const sending = goOn(by(alice), path, pieceOf(bytes), sent, { lanes: 2 });
  // Some parts may still be taken, the next are refused.
  const ended = sending.catch(() => undefined);
  await until('some are on their way', () => sent.size >= 3);
  expect((await alice.delete(path)).status).toBe(204);
  await ended;
  await noneOpen(alice, 'videos', made);
  for await (const keys of listKeys(`media/${alice.id}/`)) expect(keys).toEqual([]);
});

test('deleting a project deletes the uploaded parts of its media', async () => {
  const alice = await given.user();
  const { made } = await sentWhole(alice, 'tracks');
  expect((await alice.delete(`/v1/projects/${made.project}`)).status).toBe(204);
  await noneOpen(alice, 'tracks', made);
});

test('an upload in S3 that no document and no worker waits for is aborted, unless it is new', async () => {
  const alice = await given.user();
  const { made } = await sentWhole(alice, 'videos');
  const key = made.filePath as string;
  const [mine] = await open(alice, 'videos', made);
  const gone = key.replace(made.id, newId(Date.now()).toString());
  const derivative = key.replace('original', 'derivatives/lost/preview');
  await Promise.all([key, gone, derivative].map((k) => startMultipart(k, 'video/mp4')));
  expect(await abortOrphanedUploads(systemCtx('test'))).toBe(0);
  expect(await open(alice, 'videos', made)).toHaveLength(3);
  const later = { ...systemCtx('test'), clock: () => Date.now() + 2 * HOUR };
  await abortOrphanedUploads(later);
  expect(await open(alice, 'videos', made)).toEqual([mine]);
  for await (const page of listOpenUploads(gone)) expect(page).toEqual([]);
});

test('under one Idempotency-Key one upload is started, also when an answer was lost', async () => {
  const alice = await given.user();
  const key = { 'idempotency-key': randomBytes(8).toString('hex') };
  const body = { name: 'One', fileName: 'a.mp4', contentType: 'video/mp4', size: 200_000 };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => alice.post<Doc>('/v1/videos', body, key)),
  );
  const [made] = answers.filter((a) => a.status === 201).map((a) => a.body);
  expect(await open(alice, 'videos', made as Doc)).toHaveLength(1);
});

test('a copy whose original is gone reports that, and its bytes can still be uploaded', async () => {
  const alice = await given.user();
  const bytes = randomBytes(5000);
  const values = { size: bytes.length, checksum: sha256(bytes) };
  const one = await alice.medium('images', values);
  const images = entityNamed('Image').collection;
  const ready = { status: 'READY', object: { etag: 'd41d8cd98f00b204e9800998ecf8427e' } };
  await images.updateOne({ _id: new UUID(one.id) }, { $set: ready });
  const body = { name: 'Two', fileName: 'a.png', contentType: 'image/png', ...values };
  const two = await alice.post<Doc>('/v1/images?onDuplicate=REUSE', body);
  const job = `/v1/jobs/${two.body.job}`;
  const failed = await until('it has failed', async () => {
    const { body } = await alice.get(job);
    return body.status === 'FAILED' && body;
  });
  expect(failed).toMatchObject({ error: { code: 'MISSING_FILE' } });
  const path = at('images', two.body);
  expect((await alice.post(`${path}/upload`)).body).toMatchObject({ upload: { method: 'PUT' } });
  const keys: string[] = [];
  for await (const page of listKeys(`media/${alice.id}/`)) keys.push(...page);
  expect(keys).toEqual([]);
});
