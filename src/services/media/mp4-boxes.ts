import type { BoundedFile } from './bounded-file.ts';
import { corrupt, MediaError } from './media-error.ts';

/** A box of an MP4 file, without its header. */
export interface Box {
  name: string;
  body: Buffer;
}

/** A fragmented recording of four hours has about 7,000 fragments of two boxes each. */
const MOST_TOP_LEVEL = 20_000;
const MOST_CHILDREN = 1_000;
/** Four hours of AAC take a tenth of it, a large cover another tenth. */
const MOST_MOOV_BYTES = 20 * 1024 * 1024;

/**
 * Reads the movie box (moov), and counts the bytes of media. Of other boxes only the headers are
 * read; declared sizes are checked against the size of the file.
 */
export async function readTopLevel(file: BoundedFile, start: number) {
  let offset = start;
  let moov: Box | null = null;
  let soundBytes = 0;
  for (let count = 0; offset + 8 <= file.size; count++) {
    if (count === MOST_TOP_LEVEL)
      throw new MediaError('TOO_COMPLEX', 'This MP4 file has too many boxes.');
    const head = await file.read(offset, 16);
    const name = head.toString('latin1', 4, 8);
    const { header, size } = readSize(head, file.size - offset);
    if (name === 'mdat') soundBytes += Math.min(size, file.size - offset) - header;
    if (name === 'moov') moov = await readMovie(file, offset + header, size - header);
    offset += size;
  }
  if (!moov) throw corrupt('This MP4 file has no index (moov): it was cut off, or never finished.');
  return { moov, soundBytes };
}

async function readMovie(file: BoundedFile, offset: number, size: number): Promise<Box> {
  if (offset + size > file.size) throw corrupt('This MP4 file ends within its index (moov).');
  if (size > MOST_MOOV_BYTES)
    throw new MediaError('TOO_COMPLEX', 'The index (moov) of this MP4 file is too large.');
  return { name: 'moov', body: await file.read(offset, size) };
}

/**
 * Reads the boxes of this name (or all) directly within another.
 * @throws MediaError when one does not fit
 */
export function readBoxes(parent: Box, name?: string): Box[] {
  const found: Box[] = [];
  const { body } = parent;
  let offset = 0;
  for (let count = 0; offset + 8 <= body.length; count++) {
    if (count === MOST_CHILDREN)
      throw new MediaError('TOO_COMPLEX', 'This MP4 file has too many boxes.');
    const rest = body.subarray(offset);
    const own = rest.toString('latin1', 4, 8);
    const { header, size } = readSize(rest, rest.length);
    if (size > rest.length) {
      // Trailing padding is tolerated (QuickTime ends a list with four zero bytes); a box that is
      // too long is not.
      throw corrupt(
        `This MP4 file has a box that is longer than the box that contains it (${toPrintable(own)}).`,
      );
    }
    if (!name || own === name) found.push({ name: own, body: rest.subarray(header, size) });
    offset += size;
  }
  return found;
}

/** The first box of that name directly within another. */
export function findBox(parent: Box, name: string): Box | undefined {
  return readBoxes(parent, name)[0];
}

function readSize(head: Buffer, rest: number): { header: number; size: number } {
  const short = head.readUInt32BE(0);
  if (short === 0) return { header: 8, size: rest };
  const wide = short === 1 && head.length >= 16;
  const header = wide ? 16 : 8;
  const size = wide ? Number(head.readBigUInt64BE(8)) : short;
  if (size < header) throw corrupt('This MP4 file has a box that is shorter than its own header.');
  return { header, size };
}

function toPrintable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?');
}
