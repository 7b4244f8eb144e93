import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';

/** The byte range of a box's body, which is not loaded: its tables may be large. */
export interface Span {
  name: string;
  start: number;
  end: number;
}

/** A fragmented recording of four hours has about 7,000 fragments of two boxes each. */
const MOST_TOP_LEVEL = 20_000;
const MOST_CHILDREN = 200;
/**
 * Bytes of a box that is loaded: the largest are sample descriptions with the decoder's
 * configuration.
 */
const MOST_LOADED_BYTES = 1024 * 1024;

/**
 * Finds the movie box (moov). Only headers are read; declared sizes are checked against the size of
 * the file.
 */
export async function findMovie(file: BoundedFile): Promise<Span> {
  const root = { name: 'file', start: 0, end: file.size };
  let moov: Span | null = null;
  for await (const box of iterateBoxes(file, root, MOST_TOP_LEVEL, true)) {
    if (box.name !== 'moov') continue;
    if (box.end > file.size) throw corrupt('This MP4 file ends within its index (moov).');
    moov ??= box;
  }
  if (!moov) throw corrupt('This MP4 file has no index (moov): it was cut off, or never finished.');
  return moov;
}

/** Finds the boxes directly within another. */
export async function findChildren(file: BoundedFile, parent: Span): Promise<Span[]> {
  const found: Span[] = [];
  for await (const box of iterateBoxes(file, parent, MOST_CHILDREN, false)) found.push(box);
  return found;
}

/** Loads the body of a box that is small in ordinary files. */
export async function loadBody(file: BoundedFile, { start, end }: Span): Promise<Buffer> {
  if (end - start > MOST_LOADED_BYTES) {
    throw new MediaError('TOO_COMPLEX', 'A description in this MP4 file is too large.');
  }
  return file.read(start, end - start);
}

async function* iterateBoxes(file: BoundedFile, parent: Span, most: number, mayBeCut: boolean) {
  let offset = parent.start;
  for (let count = 0; offset + 8 <= parent.end; count++) {
    if (count === most) throw new MediaError('TOO_COMPLEX', 'This MP4 file has too many boxes.');
    const head = await file.read(offset, 16);
    const name = head.toString('latin1', 4, 8);
    const { header, size } = readSize(head, parent.end - offset);
    // QuickTime ends a list with four zero bytes.
    if (size === 0) return;
    if (offset + size > parent.end && !mayBeCut) {
      throw corrupt('This MP4 file has a box that is longer than the box that contains it.');
    }
    yield { name, start: offset + header, end: offset + size };
    offset += size;
  }
}

function readSize(head: Buffer, rest: number): { header: number; size: number } {
  const short = head.readUInt32BE(0);
  if (short === 0)
    return head.readUInt32BE(4) === 0 ? { header: 8, size: 0 } : { header: 8, size: rest };
  const wide = short === 1 && head.length >= 16;
  const header = wide ? 16 : 8;
  const size = wide ? Number(head.readBigUInt64BE(8)) : short;
  if (size < header) throw corrupt('This MP4 file has a box that is shorter than its own header.');
  return { header, size };
}
