import type { BoundedFile } from '../../bounded-file.ts';

/** A file that is read in small steps. */
export interface BufferedFile {
  readonly size: number;
  /** Reads `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
}

const READ_AHEAD_BYTES = 64 * 1024;

/**
 * Buffers the reads of a file (read-ahead of 64 KiB), so that a step of a few bytes costs no system
 * call.
 */
export function openBuffered(file: BoundedFile): BufferedFile {
  let start = 0;
  let bytes: Buffer = Buffer.alloc(0);
  return {
    size: file.size,
    async read(offset, length) {
      if (offset < start || offset + length > start + bytes.length) {
        start = offset;
        bytes = await file.read(
          offset,
          Math.max(length, Math.min(READ_AHEAD_BYTES, file.size - offset)),
        );
      }
      return bytes.subarray(offset - start, offset - start + length);
    },
  };
}
