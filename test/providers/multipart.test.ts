import '../harness/place.ts';
import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { copyObject } from '../../src/providers/copy.ts';
import {
  abortMultipart,
  abortUploadsUnder,
  completeMultipart,
  listAllParts,
  listOpenUploads,
  listParts,
  presignPart,
  startMultipart,
} from '../../src/providers/multipart.ts';
import { headObject } from '../../src/providers/s3.ts';
import { getClient } from '../../src/providers/s3-client.ts';
import { presignGet } from '../../src/providers/s3-links.ts';

const MIB = 1024 * 1024;
type Part = { partNumber: number; etag: string };
const put = (url: string, bytes: Uint8Array) =>
  fetch(url, { method: 'PUT', body: Buffer.from(bytes) });
const { signal } = new AbortController();
const folder = () => `media/${randomUUID()}/`;

async function opened(prefix: string): Promise<string[]> {
  const all: string[] = [];
  for await (const page of listOpenUploads(prefix)) all.push(...page.map((u) => u.uploadId));
  return all;
}

async function contentOf(key: string): Promise<Buffer> {
  const url = presignGet(key, { contentType: 'image/png', fileName: 'a' }, 60);
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

/** An upload of `sizes`, sent whole. */
async function sent(key: string, sizes: number[]) {
  const uploadId = await startMultipart(key, 'image/png');
  const bytes = sizes.map((size) => randomBytes(size));
  const parts = await Promise.all(
    bytes.map(async (part, n) => {
      const partNumber = n + 1;
      const url = presignPart(key, uploadId, { partNumber, size: part.length }, 60);
      const answer = await put(url, part);
      expect(answer.status).toBe(200);
      return { partNumber, etag: (answer.headers.get('etag') ?? '').replaceAll('"', '') };
    }),
  );
  return { uploadId, parts, bytes: Buffer.concat(bytes) };
}

test('the URL of a part accepts exactly the number of bytes that was signed', async () => {
  const key = `${folder()}original`;
  const uploadId = await startMultipart(key, 'image/png');
  const url = presignPart(key, uploadId, { partNumber: 1, size: 1000 }, 60);
  expect((await put(url, randomBytes(999))).status).toBe(403);
  expect((await put(url, randomBytes(1001))).status).toBe(403);
  expect((await put(url.replace('partNumber=1', 'partNumber=2'), randomBytes(1000))).status).toBe(
    403,
  );
  expect(await listParts(key, uploadId)).toEqual({ parts: [], isLast: true });
  expect((await put(url, randomBytes(1000))).status).toBe(200);
  expect((await listParts(key, uploadId))?.parts).toMatchObject([{ partNumber: 1, size: 1000 }]);
  expect((await listParts(key, uploadId, 1))?.parts).toEqual([]);
});

test('completing an upload creates the object once, and never overwrites another', async () => {
  const key = `${folder()}original`;
  const { uploadId, parts, bytes } = await sent(key, [5 * MIB, 5 * MIB, 1000]);
  const other = await sent(key, [2000]);
  expect([...((await listAllParts(key, uploadId))?.keys() ?? [])]).toEqual([1, 2, 3]);
  const [one, two, three] = parts as [Part, Part, Part];
  expect(
    await completeMultipart(key, uploadId, [{ ...one, etag: two.etag }, two, three], signal),
  ).toBe('InvalidPart');
  expect(await completeMultipart(key, uploadId, [two, one, three], signal)).toBe(
    'InvalidPartOrder',
  );
  expect(await completeMultipart(key, uploadId, parts, signal)).toBe('COMPLETED');
  expect(await completeMultipart(key, other.uploadId, other.parts, signal)).toBe(
    'PreconditionFailed',
  );
  expect(['COMPLETED', 'NoSuchUpload', 'PreconditionFailed']).toContain(
    await completeMultipart(key, uploadId, parts, signal),
  );
  expect((await contentOf(key)).equals(bytes)).toBe(true);
  expect(await listAllParts(key, uploadId)).toBeNull();
});

test('a part under 5 MiB that is not the last is refused as too small', async () => {
  const key = `${folder()}original`;
  const { uploadId, parts } = await sent(key, [1000, 1000]);
  expect(await completeMultipart(key, uploadId, parts, signal)).toBe('EntityTooSmall');
});

test('uploads are listed by prefix, and an aborted one leaves nothing behind', async () => {
  const mine = folder();
  const { uploadId } = await sent(`${mine}original`, [1000]);
  const again = await startMultipart(`${mine}original`, 'image/png');
  const elsewhere = await startMultipart(`${folder()}original`, 'image/png');
  expect((await opened(mine)).toSorted()).toEqual([uploadId, again].toSorted());
  await abortUploadsUnder(mine);
  expect(await opened(mine)).toEqual([]);
  expect(await opened('media/')).toContain(elsewhere);
  expect(await abortMultipart(`${mine}original`, uploadId)).toBe(false);
});

test('a copy, whole or in parts, has the same bytes, and fails when the original has changed', async () => {
  const from = `${folder()}original`;
  const { uploadId, parts, bytes } = await sent(from, [5 * MIB, 5 * MIB, 4321]);
  await completeMultipart(from, uploadId, parts, signal);
  const { etag = '', size = 0 } = (await headObject(from)) ?? {};
  for (const atOnce of [1024 * MIB, 5 * MIB]) {
    const mine = folder();
    const to = { key: `${mine}original`, contentType: 'image/jpeg' };
    expect(await copyObject({ from: { key: from, etag, size }, to }, signal, atOnce)).toBe(true);
    expect(await headObject(to.key)).toMatchObject({ size, contentType: 'image/jpeg' });
    expect((await contentOf(to.key)).equals(bytes)).toBe(true);
    const other = { key: `${mine}other`, contentType: 'image/jpeg' };
    const changed = { key: from, etag: '0'.repeat(32), size };
    expect(await copyObject({ from: changed, to: other }, signal, atOnce)).toBe(false);
    const gone = { key: `${mine}nothing`, etag, size };
    expect(await copyObject({ from: gone, to: other }, signal, atOnce)).toBe(false);
    expect(await headObject(other.key)).toBeNull();
    expect(await opened(mine)).toEqual([]);
  }
});

test('a copy does not overwrite an object that was uploaded meanwhile', async () => {
  const from = `${folder()}original`;
  const { uploadId, parts } = await sent(from, [5 * MIB, 1000]);
  await completeMultipart(from, uploadId, parts, signal);
  const { etag = '', size = 0 } = (await headObject(from)) ?? {};
  for (const atOnce of [1024 * MIB, 5 * MIB]) {
    const mine = folder();
    const to = { key: `${mine}original`, contentType: 'image/jpeg' };
    const theirs = await sent(to.key, [1000]);
    await completeMultipart(to.key, theirs.uploadId, theirs.parts, signal);
    expect(await copyObject({ from: { key: from, etag, size }, to }, signal, atOnce)).toBe(true);
    expect((await contentOf(to.key)).equals(theirs.bytes)).toBe(true);
    expect(await opened(mine)).toEqual([]);
  }
});

test('a copy that fails at one part starts no further part, and ends once all running ones have', async () => {
  const from = `${folder()}original`;
  const { uploadId, parts } = await sent(from, Array(12).fill(5 * MIB));
  await completeMultipart(from, uploadId, parts, signal);
  const { etag = '', size = 0 } = (await headObject(from)) ?? {};
  const mine = folder();
  const to = { key: `${mine}original`, contentType: 'image/jpeg' };
  let [begun, underWay] = [0, 0];
  const { middlewareStack } = await getClient();
  middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'UploadPartCopyCommand') return next(args);
        if (++begun === 2) throw new Error('the line is cut');
        underWay++;
        return next(args).finally(() => underWay--);
      },
    { step: 'initialize', name: 'cut' },
  );
  await expect(
    copyObject({ from: { key: from, etag, size }, to }, signal, 5 * MIB),
  ).rejects.toThrow('the line is cut');
  middlewareStack.remove('cut');
  expect(underWay).toBe(0);
  expect(begun).toBeLessThanOrEqual(4);
  expect(await headObject(to.key)).toBeNull();
  expect(await opened(mine)).toEqual([]);
});
