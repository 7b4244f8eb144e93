import { type FileHandle, open } from 'node:fs/promises';
import { config } from '../config.ts';
import { abort, begin, complete, type StoredPart } from './multipart.ts';
import { client, head, LADEN, sdk } from './s3.ts';

/** In bytes. What is sent is held in memory: only so it can be sent again where S3 was not well. */
const PART = 16 * 1024 * 1024;

/** Stores a file of any size; a larger one in parts. Whoever aborts leaves nothing of it. */
export async function upload(
  key: string,
  { path, size, contentType }: { path: string; size: number; contentType: string },
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path);
  try {
    if (size <= PART) await put(key, await read(file, 0, size), contentType, signal);
    else await putInParts(key, file, size, contentType, signal);
  } finally {
    await file.close();
  }
}

async function put(key: string, Body: Buffer, ContentType: string, abortSignal: AbortSignal) {
  const { PutObjectCommand } = await sdk();
  const object = { Bucket: config.mediaBucket, Key: key, Body, ContentType };
  await (await client()).send(new PutObjectCommand(object), { ...LADEN, abortSignal });
}

async function putInParts(
  key: string,
  file: FileHandle,
  size: number,
  contentType: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const { UploadPartCommand } = await sdk();
  const UploadId = await begin(key, contentType);
  try {
    const parts: Pick<StoredPart, 'partNumber' | 'etag'>[] = [];
    for (let from = 0; from < size; from += PART) {
      const PartNumber = parts.length + 1;
      const Body = await read(file, from, Math.min(PART, size - from));
      const part = { Bucket: config.mediaBucket, Key: key, UploadId, PartNumber, Body };
      const { ETag = '' } = await (await client()).send(new UploadPartCommand(part), {
        ...LADEN,
        abortSignal,
      });
      parts.push({ partNumber: PartNumber, etag: ETag.replaceAll('"', '') });
    }
    const end = await complete(key, UploadId, parts, abortSignal);
    if (end === 'COMPLETED') return;
    // Of two answers the first may have been lost, or somebody else has made the same: then it is there.
    if ((await head(key))?.size !== size) {
      throw new Error(`S3 did not make an object of its parts: ${end}`);
    }
    await abort(key, UploadId);
  } catch (error) {
    // Where this fails as well, the sweep of S3's list ends it.
    await Promise.allSettled([abort(key, UploadId)]);
    throw error;
  }
}

async function read(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  if (bytesRead !== length) throw new Error('A file became shorter while it was sent.');
  return buffer;
}
