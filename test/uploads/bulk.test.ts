import { vi } from 'vitest';

vi.hoisted(() => {
  process.env.SINGLE_PUT_BYTES = '100000';
});

import '../harness/place.ts';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { entityNamed } from '../../src/data/entity.ts';
import { UUID } from '../../src/data/ids.ts';
import { IdempotencyRecord } from '../../src/models/api/idempotency-record.ts';
import { listOpenUploads } from '../../src/providers/multipart.ts';
import type { Problem } from '../contract/held.ts';
import { call, type Doc, given, type Person, send, type Upload } from '../harness/given.ts';
import { times } from '../harness/times.ts';

const path = '/v1/media/uploads';
type Item = { status: number; document?: Doc & { upload: Upload }; error?: Problem };
type Answer = { data: Item[] };
type Parts = { upload: { parts: unknown[] } };

const of = (kind: string, more: Record<string, unknown> = {}) => {
  const contentType = {
    VIDEO: 'video/mp4',
    IMAGE: 'image/png',
  }[kind];
  const file = { fileName: 'a.bin', contentType: contentType ?? 'audio/mpeg', size: 1000 };
  return { kind, name: `A ${kind}`, ...file, ...more };
};

/** How many documents of each kind somebody has. */
async function counts({ id }: Person): Promise<number[]> {
  const user = new UUID(id);
  return Promise.all(
    ['Track', 'Audio', 'Video', 'Image'].map((name) =>
      entityNamed(name).collection.countDocuments({ user }),
    ),
  );
}

test('one call creates media of all kinds, in order, each with its upload', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  const items = [
    of('TRACK', { project }),
    of('AUDIO'),
    of('VOICE'),
    of('VIDEO', { size: 10_000_000_000 }),
    of('IMAGE', { size: 5 }),
  ];
  const { status, body } = await alice.post<Answer>(path, { items });
  expect(status).toBe(207);
  expect(body.data.map((d) => d.status)).toEqual(times(5, () => 201));
  const documents = body.data.map((d) => d.document as Doc & { upload: Upload });
  expect(documents.map((d) => d.name)).toEqual(items.map((i) => i.name));
  expect(documents.map((d) => d.kind)).toEqual([
    ...[undefined, 'RECORDING', 'VOICE', undefined, undefined],
  ]);
  expect(documents[3]?.upload).toMatchObject({ method: 'MULTIPART', nextPart: 11 });
  expect((await send(documents[4]?.upload as Upload, Buffer.from('bytes'))).status).toBe(200);
  expect(await counts(alice)).toEqual([1, 2, 1, 1]);
  expect((await alice.get(`/v1/projects/${project}`)).body.trackCount).toBe(1);
});

test('an invalid item does not stop the others, and its error is that of its own POST', async () => {
  const [alice, bob] = await Promise.all([given.user(), given.user()]);
  const theirs = (await bob.project()).id;
  const { body } = await alice.post<Answer>(path, {
    items: [
      of('IMAGE', { size: 0, name: '' }),
      of('TRACK', { project: theirs }),
      of('IMAGE'),
      of('IMAGE', { status: 'READY' }),
      of('TAPE'),
      {},
      of('IMAGE', { kind: 7 }),
      of('VIDEO', { contentType: 'image/png' }),
      of('IMAGE', { nonsense: 1 }),
    ],
  });
  const paths = ({ error }: Item) => error?.errors.map((e) => e.path);
  expect(body.data.map((d) => d.status)).toEqual([422, 422, 201, 422, 422, 422, 422, 422, 422]);
  expect(body.data.map(paths)).toEqual([
    ['name', 'size'].toSorted(),
    ['project'],
    undefined,
    ['status'],
    ['kind'],
    ['kind'],
    ['kind'],
    ['contentType'],
    ['nonsense'],
  ]);
  expect(body.data[0]?.error?.code).toBe('VALIDATION_FAILED');
  expect(await counts(alice)).toEqual([0, 0, 0, 1]);
});

test('one call creates 1 to 100 media', async () => {
  const alice = await given.user();
  const hundred = times(100, () => of('IMAGE'));
  const { body } = await alice.post<Answer>(path, { items: hundred });
  expect(new Set(body.data.map((d) => d.document?.id)).size).toBe(100);
  for (const items of [[], [...hundred, of('IMAGE')], ['text'], 'text', undefined]) {
    expect((await alice.post(path, { items })).status).toBe(422);
  }
  expect(await counts(alice)).toEqual([0, 0, 0, 100]);
  expect((await call('POST', path, { body: { items: hundred } })).status).toBe(401);
});

test('whatever a body of 1 MiB says, the answer stays below 5 MB', async () => {
  const alice = await given.user();
  const project = (await alice.project()).id;
  // Sent as two bytes each, and answered as four, as Lambda counts them.
  const lyrics = '"'.repeat(5000);
  const items = times(100, () => of('TRACK', { project, lyrics }));
  const { body, text } = await alice.post<Answer>(path, { items });
  expect(body.data.map((d) => d.status)).toEqual(times(100, () => 201));
  const bytes = Buffer.byteLength(JSON.stringify(text));
  // In place of these uploads, part URLs of 4 KB each, which is more than they have anywhere.
  const many = times(100, () => of('VIDEO', { size: 10_000_000_000 }));
  const { body: parts } = await alice.post<Answer>(path, { items: many });
  const urls = parts.data.flatMap(({ document }) => (document as unknown as Parts).upload.parts);
  expect(bytes + 4000 * urls.length).toBeLessThan(5_000_000);
});

test('under an Idempotency-Key all are created once, also after an interrupted try', async () => {
  const alice = await given.user();
  const key = { 'idempotency-key': randomBytes(8).toString('hex') };
  const items = [
    of('VIDEO', { size: 200_000 }),
    of('IMAGE'),
    of('IMAGE', { size: 0 }),
    of('AUDIO'),
  ];
  const first = await alice.post<Answer>(path, { items }, key);
  const again = await alice.post<Answer>(path, { items }, key);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.body).toEqual(first.body);
  // As if the process had ended before it could answer, one of its documents not yet made.
  const ids = (answer: { body: Answer }) => answer.body.data.map((d) => d.document?.id);
  const [, lost] = ids(first);
  await entityNamed('Image').collection.deleteOne({ _id: new UUID(lost as string) });
  await IdempotencyRecord.collection.updateMany(
    {},
    { $unset: { answer: 1 }, $set: { runningUntil: new Date(0) } },
  );
  const taken = await alice.post<Answer>(path, { items }, key);
  expect(taken.headers.get('idempotent-replayed')).toBeNull();
  expect(taken.body.data.map((d) => d.status)).toEqual([201, 201, 422, 201]);
  expect(ids(taken)).toEqual(ids(first));
  expect(await counts(alice)).toEqual([0, 1, 1, 1]);
  const begun = [];
  for await (const page of listOpenUploads(`media/${alice.id}/`)) begun.push(...page);
  expect(begun).toHaveLength(1);
});

test('duplicates are reported, or reused, for each item', async () => {
  const alice = await given.user();
  const checksum = `${'A'.repeat(43)}=`;
  const one = await alice.medium('images', { checksum });
  const _id = new UUID(one.id);
  await entityNamed('Image').collection.updateOne({ _id }, { $set: { status: 'READY' } });
  const items = [of('IMAGE', { checksum }), of('VIDEO', { checksum }), of('IMAGE')];
  const { body } = await alice.post<Answer>(`${path}?onDuplicate=REUSE`, { items });
  expect(body.data.map((d) => d.document?.duplicateOf)).toEqual([one.id, undefined, undefined]);
  expect(body.data.map((d) => Boolean(d.document?.job))).toEqual([true, false, false]);
  expect((await alice.post(`${path}?onDuplicate=x`, { items: [of('IMAGE')] })).status).toBe(400);
});

test('under an Idempotency-Key an error of ours fails the call, and its retry makes what is missing', async () => {
  const alice = await given.user();
  const key = { 'idempotency-key': randomBytes(8).toString('hex') };
  const items = [of('IMAGE'), of('AUDIO'), of('IMAGE')];
  const { collection } = entityNamed('Audio');
  const insert = vi.spyOn(collection, 'insertOne').mockRejectedValueOnce(new Error('broken'));
  expect((await alice.post(path, { items }, key)).status).toBe(500);
  insert.mockRestore();
  const { status, body } = await alice.post<Answer>(path, { items }, key);
  expect([status, body.data.map((d) => d.status)]).toEqual([207, [201, 201, 201]]);
  expect(await counts(alice)).toEqual([0, 1, 0, 2]);
});
