import '../harness/place.ts';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listOpenUploads } from '../../src/providers/multipart.ts';
import { download, headObject } from '../../src/providers/s3.ts';
import { upload } from '../../src/providers/upload.ts';

const MIB = 1024 * 1024;
const contentType = 'video/mp4';
const forever = new AbortController().signal;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mixdown-upload-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(size: number) {
  const path = join(dir, randomBytes(6).toString('hex'));
  await writeFile(path, Buffer.alloc(size, randomBytes(1021)));
  return { path, size, contentType };
}

const sum = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

async function openUnder(prefix: string): Promise<number> {
  let open = 0;
  for await (const page of listOpenUploads(prefix)) open += page.length;
  return open;
}

test.each([
  ['nothing', 0],
  ['one part, full', 16 * MIB],
  ['a byte more', 16 * MIB + 1],
  ['several parts', 40 * MIB + 7],
])('a file of %s arrives as it is', async (_, size) => {
  const one = await file(size);
  const key = `media/upload/${size}`;
  await upload(key, one, forever);
  const there = await headObject(key);
  expect(there).toMatchObject({ size, contentType });
  const path = join(dir, `${size}.back`);
  expect(await download(key, there?.etag ?? '', path, forever, () => {})).toBe(true);
  expect(await sum(path)).toBe(await sum(one.path));
});

test('an aborted upload leaves neither an object nor parts', async () => {
  const one = await file(60 * MIB);
  const key = 'media/given-up/file';
  const giveUp = new AbortController();
  const sent = upload(key, one, giveUp.signal);
  while ((await openUnder(key)) === 0);
  giveUp.abort();
  await expect(sent).rejects.toThrow();
  expect(await headObject(key)).toBeNull();
  expect(await openUnder(key)).toBe(0);
});

test('a file shorter than declared is not stored', async () => {
  const one = await file(20 * MIB);
  const key = 'media/too-short/file';
  await expect(upload(key, { ...one, size: 21 * MIB }, forever)).rejects.toThrow(/shorter/);
  expect(await headObject(key)).toBeNull();
});
