import { config } from '../config.ts';
import { runTogether } from '../run-together.ts';
import { abortMultipart, completeMultipart, startMultipart } from './multipart.ts';
import { getClient, getHttpStatus, loadSdk, SLOW_CALL } from './s3-client.ts';

/** Bytes that one call copies: S3 accepts 5 GB, but takes longer than the timeout of a call. */
const MOST_AT_ONCE = 512 * 1024 * 1024;
/** How many parts are copied concurrently. */
const CONCURRENCY = 4;

export interface CopyRequest {
  from: { key: string; etag: string; size: number };
  to: { key: string; contentType: string };
}

/**
 * Copies an object within S3, without transferring bytes. Always a multipart upload, because only
 * its completion can refuse to overwrite an object. Returns false if the source was replaced or is
 * gone; true also if the target exists already.
 * @param atOnce the most bytes of one call
 */
export async function copyObject(
  request: CopyRequest,
  signal: AbortSignal,
  atOnce = MOST_AT_ONCE,
): Promise<boolean> {
  const { key, contentType } = request.to;
  const uploadId = await startMultipart(key, contentType);
  try {
    const parts = await copyParts(request, uploadId, signal, atOnce);
    const completion = await completeMultipart(key, uploadId, parts, signal);
    if (completion === 'PreconditionFailed') await abortMultipart(key, uploadId);
    else if (completion !== 'COMPLETED') throw new Error(`S3 refused a copy: ${completion}.`);
    return true;
  } catch (error) {
    // If this fails as well, the sweep of orphaned uploads aborts it later.
    await Promise.allSettled([abortMultipart(key, uploadId)]);
    if (getHttpStatus(error) === 404 || getHttpStatus(error) === 412) return false;
    throw error;
  }
}

/**
 * Copies some parts concurrently.
 * @throws the error of the first that fails, once the others have ended
 */
async function copyParts(
  { from, to }: CopyRequest,
  uploadId: string,
  signal: AbortSignal,
  atOnce: number,
): Promise<{ partNumber: number; etag: string }[]> {
  const { UploadPartCopyCommand } = await loadSdk();
  const s3 = await getClient();
  const parts: { partNumber: number; etag: string }[] = [];
  const count = Math.ceil(from.size / atOnce);
  let next = 0;
  const copyNextParts = async (abortSignal: AbortSignal) => {
    while (next < count && !abortSignal.aborted) {
      const n = next++;
      const last = Math.min(from.size, (n + 1) * atOnce) - 1;
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({
          ...buildSource(from),
          Bucket: config.mediaBucket,
          Key: to.key,
          UploadId: uploadId,
          PartNumber: n + 1,
          // S3 accepts no range for objects under 5 MB.
          ...(count > 1 && { CopySourceRange: `bytes=${n * atOnce}-${last}` }),
        }),
        { ...SLOW_CALL, abortSignal },
      );
      parts[n] = { partNumber: n + 1, etag: (CopyPartResult?.ETag ?? '').replaceAll('"', '') };
    }
  };
  await runTogether(
    signal,
    Array.from({ length: CONCURRENCY }, () => copyNextParts),
  );
  return parts;
}

function buildSource({ key, etag }: CopyRequest['from']) {
  return { CopySource: `${config.mediaBucket}/${key}`, CopySourceIfMatch: `"${etag}"` };
}
