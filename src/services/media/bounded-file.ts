import { open } from 'node:fs/promises';
import { MediaError } from './media-error.ts';

/** A file that can be looked into here and there, but neither held whole nor read for ever. */
export interface BoundedFile {
  readonly size: number;
  /** The bytes from `offset` on: fewer than `length` only where the file ends. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** The largest single read: a FLAC picture block can be 16 MiB. */
const AT_ONCE = 20 * 1024 * 1024;
const IN_ALL = 128 * 1024 * 1024;
const READS = 50_000;

/**
 * Opens it for probing. A probe that asks for too much fails with TOO_COMPLEX, whatever loop it is
 * caught in.
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
      if (length > AT_ONCE || bytes > IN_ALL || reads > READS) {
        throw new MediaError(
          'TOO_COMPLEX',
          'Too much of this file is needed to tell what is in it.',
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
