import { download, head } from '../../providers/s3.ts';
import { JobFailure } from '../jobs/worker.ts';

/**
 * Brings the bytes of a medium here: exactly those with this ETag. False when there are others by now.
 * @throws JobFailure MISSING_FILE
 */
export async function fetchOriginal(
  key: string,
  etag: string,
  path: string,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void = () => {},
): Promise<boolean> {
  if (await download(key, etag, path, signal, onChunk)) return true;
  if (await head(key)) return false;
  throw new JobFailure('MISSING_FILE', 'The uploaded file is no longer there.');
}
