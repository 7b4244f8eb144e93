import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { config } from '../config.ts';
import { abortMultipart, completeMultipart, startMultipart } from './multipart.ts';
import { getClient, LARGE_BODY, loadSdk } from './s3-client.ts';

/** In bytes; the most that is held of a stream. */
const PART_BYTES = 16 * 1024 * 1024;

/**
 * Uploads a stream whose length nobody knows yet, part by part. After an abort or a failure nothing of it is
 * stored. Returns its size and the base64 of its SHA-256.
 */
export async function uploadStream(
  key: string,
  stream: Readable,
  contentType: string,
  signal: AbortSignal,
): Promise<{ size: number; checksum: string }> {
  const { UploadPartCommand } = await loadSdk();
  const UploadId = await startMultipart(key, contentType);
  const hash = createHash('sha256');
  let size = 0;
  try {
    const parts: { partNumber: number; etag: string }[] = [];
    for await (const Body of cutParts(stream)) {
      signal.throwIfAborted();
      hash.update(Body);
      size += Body.length;
      const PartNumber = parts.length + 1;
      const part = { Bucket: config.mediaBucket, Key: key, UploadId, PartNumber, Body };
      const { ETag = '' } = await (await getClient()).send(new UploadPartCommand(part), {
        ...LARGE_BODY,
        abortSignal: signal,
      });
      parts.push({ partNumber: PartNumber, etag: ETag.replaceAll('"', '') });
    }
    const end = await completeMultipart(key, UploadId, parts, signal);
    if (end !== 'COMPLETED') throw new Error(`S3 did not complete the upload: ${end}`);
    return { size, checksum: hash.digest('base64') };
  } catch (error) {
    stream.destroy();
    // If this fails as well, the sweep of orphaned uploads aborts it later.
    await Promise.allSettled([abortMultipart(key, UploadId)]);
    throw error;
  }
}

/** Gathers chunks into parts, all of them full but the last. */
async function* cutParts(stream: Readable): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, PART_BYTES - bytes);
      rest = rest.subarray(piece.length);
      chunks.push(piece);
      bytes += piece.length;
      if (bytes < PART_BYTES) continue;
      yield Buffer.concat(chunks);
      [chunks, bytes] = [[], 0];
    }
  }
  yield Buffer.concat(chunks);
}
