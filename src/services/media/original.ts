import { createHash } from 'node:crypto';
import { download, head } from '../../providers/s3.ts';
import { JobFailure, Superseded, type Work } from '../jobs/job-type.ts';
import type { Medium } from './medium.ts';

/** A worker's disk holds the original and what is made of it: 10 GB on Lambda. */
const MOST_BYTES = 8_000_000_000;

/**
 * Brings the original here: exactly the bytes with this ETag.
 * @throws Superseded when there are others by now; JobFailure MISSING_FILE
 */
export async function fetchOriginal(
  { filePath, etag }: { filePath: string; etag: string },
  path: string,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void = () => {},
): Promise<void> {
  if (await download(filePath, etag, path, signal, onChunk)) return;
  if (await head(filePath)) throw new Superseded('The file has other bytes by now.');
  throw new JobFailure('MISSING_FILE', 'The uploaded file is no longer there.');
}

/**
 * Brings the original of a medium here and checks it against what was declared. Returns its SHA-256, base64.
 * @throws Superseded; JobFailure MISSING_FILE, TOO_LARGE, SIZE_MISMATCH, CHECKSUM_MISMATCH
 */
export async function fetchChecked(
  { signal, progress }: Pick<Work<object>, 'signal' | 'progress'>,
  { filePath, size: declared, checksum: expected }: Medium,
  etag: string,
  path: string,
): Promise<string> {
  if (declared > MOST_BYTES) {
    const message = `Files over ${MOST_BYTES / 1e9} GB are kept, but cannot be processed yet.`;
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
    throw new JobFailure('CHECKSUM_MISMATCH', 'The bytes are not those of the checksum.');
  }
  return checksum;
}
