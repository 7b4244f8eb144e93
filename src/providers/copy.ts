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
 * Copies an object within S3, in parts when it is large; no byte passes here. False when the original is
 * another by now, or gone.
 * @param atOnce the most bytes of one call
 */
export async function copy(
  it: Copied,
  signal: AbortSignal,
  atOnce = MOST_AT_ONCE,
): Promise<boolean> {
  try {
    if (it.from.size <= atOnce) await copyWhole(it, signal);
    else await copyInParts(it, signal, atOnce);
    return true;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 412) return false;
    throw error;
  }
}

async function copyWhole({ from, to }: Copied, abortSignal: AbortSignal): Promise<void> {
  const { CopyObjectCommand } = await sdk();
  await (await client()).send(
    new CopyObjectCommand({
      ...source(from),
      Bucket: config.mediaBucket,
      Key: to.key,
      MetadataDirective: 'REPLACE',
      ContentType: to.contentType,
    }),
    { ...UNHURRIED, abortSignal },
  );
}

async function copyInParts(
  { from, to }: Copied,
  signal: AbortSignal,
  atOnce: number,
): Promise<void> {
  const { UploadPartCopyCommand } = await sdk();
  const s3 = await client();
  const uploadId = await begin(to.key, to.contentType);
  try {
    const etags: string[] = [];
    const count = Math.ceil(from.size / atOnce);
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const n = next++;
        const last = Math.min(from.size, (n + 1) * atOnce) - 1;
        const { CopyPartResult } = await s3.send(
          new UploadPartCopyCommand({
            ...source(from),
            Bucket: config.mediaBucket,
            Key: to.key,
            UploadId: uploadId,
            PartNumber: n + 1,
            CopySourceRange: `bytes=${n * atOnce}-${last}`,
          }),
          { ...UNHURRIED, abortSignal: signal },
        );
        etags[n] = (CopyPartResult?.ETag ?? '').replaceAll('"', '');
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const parts = etags.map((etag, n) => ({ partNumber: n + 1, etag }));
    const completion = await complete(to.key, uploadId, parts, signal);
    if (completion === 'PreconditionFailed') await abort(to.key, uploadId);
    else if (completion !== 'COMPLETED') throw new Error(`S3 refused a copy: ${completion}.`);
  } catch (error) {
    await abort(to.key, uploadId);
    throw error;
  }
}

function source({ key, etag }: Copied['from']) {
  return { CopySource: `${config.mediaBucket}/${key}`, CopySourceIfMatch: `"${etag}"` };
}
