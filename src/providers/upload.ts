import { type FileHandle, open } from 'node:fs/promises';
import { config } from '../config.ts';
import { abortMultipart, completeMultipart, type StoredPart, startMultipart } from './multipart.ts';
import { headObject } from './s3.ts';
import { getClient, LARGE_BODY, loadSdk } from './s3-client.ts';

/** In bytes. Parts are held in memory, so that the SDK can retry them. */
const PART_BYTES = 16 * 1024 * 1024;

/** Uploads a file of any size, a large one in parts. After an abort nothing of it is stored. */
export async function upload(
  key: string,
  { path, size, contentType }: { path: string; size: number; contentType: string },
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path);
  try {
    if (size <= PART_BYTES) await putFile(key, await readRange(file, 0, size), contentType, signal);
    else await putInParts(key, file, size, contentType, signal);
  } finally {
    await file.close();
  }
}

async function putFile(key: string, Body: Buffer, ContentType: string, abortSignal: AbortSignal) {
  const { PutObjectCommand } = await loadSdk();
  const object = { Bucket: config.mediaBucket, Key: key, Body, ContentType };
  await (await getClient()).send(new PutObjectCommand(object), { ...LARGE_BODY, abortSignal });
}

async function putInParts(
  key: string,
  file: FileHandle,
  size: number,
  contentType: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const { UploadPartCommand } = await loadSdk();
  const UploadId = await startMultipart(key, contentType);
  try {
    const parts: Pick<StoredPart, 'partNumber' | 'etag'>[] = [];
    for (let from = 0; from < size; from += PART_BYTES) {
      const PartNumber = parts.length + 1;
      const Body = await readRange(file, from, Math.min(PART_BYTES, size - from));
      const part = { Bucket: config.mediaBucket, Key: key, UploadId, PartNumber, Body };
      const { ETag = '' } = await (await getClient()).send(new UploadPartCommand(part), {
        ...LARGE_BODY,
        abortSignal,
      });
      parts.push({ partNumber: PartNumber, etag: ETag.replaceAll('"', '') });
    }
    const end = await completeMultipart(key, UploadId, parts, abortSignal);
    if (end === 'COMPLETED') return;
    // The response to an earlier attempt may have been lost, or another worker uploaded the same:
    // then it exists.
    if ((await headObject(key))?.size !== size) {
      throw new Error(`S3 did not complete the upload: ${end}`);
    }
    await abortMultipart(key, UploadId);
  } catch (error) {
    // If this fails as well, the sweep of orphaned uploads aborts it later.
    await Promise.allSettled([abortMultipart(key, UploadId)]);
    throw error;
  }
}

async function readRange(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
  if (bytesRead !== length) throw new Error('A file became shorter while it was sent.');
  return buffer;
}
