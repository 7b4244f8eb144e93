import type { BoundedFile } from '../../bounded-file.ts';

/** A file that is walked through in small steps. */
export interface Window {
  readonly size: number;
  /** The bytes from `offset` on: fewer than `length` only where the file ends. */
  at(offset: number, length: number): Promise<Buffer>;
}

const BYTES = 64 * 1024;

/** Reads ahead, so that steps of a few bytes cost no call to the system each. */
export function windowOn(file: BoundedFile): Window {
  let start = 0;
  let bytes: Buffer = Buffer.alloc(0);
  return {
    size: file.size,
    async at(offset, length) {
      if (offset < start || offset + length > start + bytes.length) {
        start = offset;
        bytes = await file.read(offset, Math.max(length, Math.min(BYTES, file.size - offset)));
      }
      return bytes.subarray(offset - start, offset - start + length);
    },
  };
}
