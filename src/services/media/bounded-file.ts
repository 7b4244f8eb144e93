import { open } from 'node:fs/promises';
import { MediaError } from './media-error.ts';

/** A file opened for random reads, with limits on their number and their total size. */
export interface BoundedFile {
  readonly size: number;
  /** Reads `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Bytes of a single read: a FLAC picture block can be 16 MiB. */
const MOST_PER_READ = 20 * 1024 * 1024;
const MOST_BYTES = 128 * 1024 * 1024;
const MOST_READS = 50_000;

/**
 * Opens a file for probing. A parser that reads too much, even in an endless loop, fails with
 * TOO_COMPLEX.
 */
export async function openBounded(path: string, signal: AbortSignal): Promise<BoundedFile> {
  const handle = await open(path, 'r');
  let bytes = 0;
  let reads = 0;
  return {
    size: (await handle.stat()).size,
    async read(offset, length) {
      signal.throwIfAborted();
      bytes += length;
      reads += 1;
      if (length > MOST_PER_READ || bytes > MOST_BYTES || reads > MOST_READS) {
        throw new MediaError(
          'TOO_COMPLEX',
          'Too much of this file would have to be read to identify it.',
        );
      }
      const buffer = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    close: () => handle.close(),
  };
}
