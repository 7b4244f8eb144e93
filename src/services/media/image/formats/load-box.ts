import { corrupt, MediaError } from '../../media-error.ts';
import type { BufferedFile } from './buffered-file.ts';

/** A box at the top level of a file (ISO/IEC 14496-12). */
interface WantedBox {
  name: 'meta' | 'moov';
  /** The format of the file, for error messages. */
  format: 'AVIF' | 'HEIC';
  /** A larger one is refused. */
  mostBytes: number;
}

/** Loads the body of the first box of this name in the file; null when there is none. */
export async function loadTopBox(
  file: BufferedFile,
  { name, format, mostBytes }: WantedBox,
  count: () => void,
): Promise<Buffer | null> {
  for (let at = 0; at + 8 <= file.size; ) {
    count();
    const head = await file.read(at, 16);
    const short = head.readUInt32BE(0);
    const isWide = short === 1 && head.length === 16;
    const size = isWide ? Number(head.readBigUInt64BE(8)) : short || file.size - at;
    const start = isWide ? 16 : 8;
    if (size < start) throw corrupt(`This ${format} file has a box shorter than its own header.`);
    if (head.toString('latin1', 4, 8) === name) {
      const index = `index (${name})`;
      if (size > mostBytes) {
        throw new MediaError('TOO_COMPLEX', `The ${index} of this ${format} file is too large.`);
      }
      if (at + size > file.size) throw corrupt(`This ${format} file ends within its ${index}.`);
      return Buffer.from(await file.read(at + start, size - start));
    }
    at += size;
  }
  return null;
}
