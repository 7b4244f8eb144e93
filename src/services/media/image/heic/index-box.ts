import { corrupt } from '../../media-error.ts';
import type { BufferedFile } from '../formats/buffered-file.ts';
import { loadTopBox } from '../formats/load-box.ts';

/** A box of the container (ISO/IEC 14496-12), without its header. */
export interface Box {
  name: string;
  body: Buffer;
}

/** Bytes of the index: a picture of 200 million pixels in tiles of 512² takes about 40,000. */
const MOST_INDEX_BYTES = 2 * 1024 * 1024;

/** Loads the body of the first box of this name in the file; null when there is none. */
export function loadBox(
  file: BufferedFile,
  name: 'meta' | 'moov',
  count: () => void,
): Promise<Buffer | null> {
  return loadTopBox(file, { name, format: 'HEIC', mostBytes: MOST_INDEX_BYTES }, count);
}

/** Lists the boxes directly within another. @throws MediaError when one does not fit */
export function* iterateBoxes(parent: Buffer, count: () => void): Generator<Box> {
  for (let at = 0; at + 8 <= parent.length; ) {
    count();
    const size = parent.readUInt32BE(at);
    if (size < 8 || at + size > parent.length)
      throw corrupt('This HEIC file has a box that is longer than the box that contains it.');
    yield {
      name: parent.toString('latin1', at + 4, at + 8),
      body: parent.subarray(at + 8, at + size),
    };
    at += size;
  }
}

/** A cursor over a box, which refuses to read beyond its end. */
export interface Fields {
  /** Reads an unsigned number of 0 to 8 bytes; of none it is 0. */
  number(bytes: number): number;
  text(bytes: number): string;
  rest(): Buffer;
}

/** Reads the fields of a box one after the other. */
export function openFields(body: Buffer): Fields {
  let at = 0;
  const take = (bytes: number) => {
    if (at + bytes > body.length) throw corrupt('The index of this HEIC file is cut off.');
    at += bytes;
    return at - bytes;
  };
  return {
    number(bytes) {
      const from = take(bytes);
      if (bytes === 8) return Number(body.readBigUInt64BE(from));
      return bytes === 0 ? 0 : body.readUIntBE(from, bytes);
    },
    text: (bytes) => {
      const from = take(bytes);
      return body.toString('latin1', from, from + bytes);
    },
    rest: () => body.subarray(at),
  };
}
