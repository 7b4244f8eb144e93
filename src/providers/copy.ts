import { config } from '../config.ts';
import { abort, begin, complete } from './multipart.ts';
import { client, sdk, statusOf, UNHURRIED } from './s3.ts';

/** What one call copies: S3 would take 5 GB, but not within the time that a call has. */
const MOST_AT_ONCE = 512 * 1024 * 1024;
/** How many parts are copied at a time. */
const LANES = 4;

export interface Copied {
  from: { key: string; etag: string; size: number };
  to: { key: string; contentType: string };
}

/**
 * Copies an object within S3, as an upload in parts whatever its size: only so it never takes the place of
 * another. No byte passes here. False when the original is another by now, or gone; true, too, where there
 * is an object already.
 * @param atOnce the most bytes of one call
 */
export async function copy(
  it: Copied,
  signal: AbortSignal,
  atOnce = MOST_AT_ONCE,
): Promise<boolean> {
  const { key, contentType } = it.to;
  const uploadId = await begin(key, contentType);
  try {
    const parts = await copyParts(it, uploadId, signal, atOnce);
    const completion = await complete(key, uploadId, parts, signal);
    if (completion === 'PreconditionFailed') await abort(key, uploadId);
    else if (completion !== 'COMPLETED') throw new Error(`S3 refused a copy: ${completion}.`);
    return true;
  } catch (error) {
    // Where this fails as well, the sweep of S3's list ends it.
    await Promise.allSettled([abort(key, uploadId)]);
    if (statusOf(error) === 404 || statusOf(error) === 412) return false;
    throw error;
  }
}

/** Some parts at a time. @throws what the first one fails by, once no other is on its way */
async function copyParts(
  { from, to }: Copied,
  uploadId: string,
  signal: AbortSignal,
  atOnce: number,
): Promise<{ partNumber: number; etag: string }[]> {
  const { UploadPartCopyCommand } = await sdk();
  const s3 = await client();
  const parts: { partNumber: number; etag: string }[] = [];
  const count = Math.ceil(from.size / atOnce);
  const failure = new AbortController();
  const abortSignal = AbortSignal.any([signal, failure.signal]);
  let next = 0;
  const lane = async () => {
    while (next < count && !abortSignal.aborted) {
      const n = next++;
      const last = Math.min(from.size, (n + 1) * atOnce) - 1;
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({
          ...source(from),
          Bucket: config.mediaBucket,
          Key: to.key,
          UploadId: uploadId,
          PartNumber: n + 1,
          // S3 takes no range of what is under 5 MB.
          ...(count > 1 && { CopySourceRange: `bytes=${n * atOnce}-${last}` }),
        }),
        { ...UNHURRIED, abortSignal },
      );
      parts[n] = { partNumber: n + 1, etag: (CopyPartResult?.ETag ?? '').replaceAll('"', '') };
    }
  };
  const lanes = Array.from({ length: LANES }, () => lane().catch((e) => failure.abort(e)));
  await Promise.all(lanes);
  abortSignal.throwIfAborted();
  return parts;
}

function source({ key, etag }: Copied['from']) {
  return { CopySource: `${config.mediaBucket}/${key}`, CopySourceIfMatch: `"${etag}"` };
}
