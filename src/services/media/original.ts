import { createHash } from 'node:crypto';
import { download, headObject } from '../../providers/s3.ts';
import { JobFailure, Superseded, type Work } from '../jobs/job-type.ts';
import type { Medium } from './medium.ts';

/** In bytes. The original and its derivatives must fit on the disk of a worker, 10 GB on Lambda. */
const MOST_BYTES = 8_000_000_000;

/**
 * Downloads the original with exactly this ETag.
 * @throws Superseded when it was replaced by other bytes; JobFailure MISSING_FILE
 */
export async function fetchOriginal(
  { filePath, etag }: { filePath: string; etag: string },
  path: string,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void = () => {},
): Promise<void> {
  if (await download(filePath, etag, path, signal, onChunk)) return;
  if (await headObject(filePath)) throw new Superseded('The file was replaced by other bytes.');
  throw new JobFailure('MISSING_FILE', 'The uploaded file is no longer there.');
}

/**
 * Downloads the original of a medium and checks it against the declared size and checksum. Returns
 * its SHA-256 in base64.
 * @throws Superseded; JobFailure MISSING_FILE, TOO_LARGE, SIZE_MISMATCH, CHECKSUM_MISMATCH
 */
export async function fetchCheckedOriginal(
  { signal, progress }: Pick<Work<object>, 'signal' | 'progress'>,
  { filePath, size: declared, checksum: expected }: Medium,
  etag: string,
  path: string,
): Promise<string> {
  if (declared > MOST_BYTES) {
    const message = `Files over ${MOST_BYTES / 1e9} GB are stored, but cannot be processed yet.`;
    throw new JobFailure('TOO_LARGE', message);
  }
  const hash = createHash('sha256');
  let size = 0;
  await fetchOriginal({ filePath, etag }, path, signal, (chunk) => {
    hash.update(chunk);
    size += chunk.length;
    progress((5 * size) / declared, 'download');
  });
  if (size !== declared) {
    throw new JobFailure('SIZE_MISMATCH', `${declared} bytes were declared, ${size} arrived.`);
  }
  const checksum = hash.digest('base64');
  if (expected && expected !== checksum) {
    throw new JobFailure('CHECKSUM_MISMATCH', 'The bytes do not match the declared checksum.');
  }
  return checksum;
}
