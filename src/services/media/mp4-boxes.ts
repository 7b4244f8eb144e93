import type { BoundedFile } from './bounded-file.ts';
import { corrupt, MediaError } from './media-error.ts';

/** A box of an MP4 file, without its header. */
export interface Box {
  name: string;
  body: Buffer;
}

/** A fragmented recording of four hours has some 7,000 fragments of two boxes each. */
const TOP_LEVEL = 20_000;
const CHILDREN = 1_000;
/** Four hours of AAC need a tenth of it, a large cover another. */
const MOOV = 20 * 1024 * 1024;

/**
 * The movie box, and how many bytes of media there are. Headers alone are read, and no claim is
 * believed.
 */
export async function readTopLevel(file: BoundedFile, start: number) {
  let offset = start;
  let moov: Box | null = null;
  let soundBytes = 0;
  for (let count = 0; offset + 8 <= file.size; count++) {
    if (count === TOP_LEVEL)
      throw new MediaError('TOO_COMPLEX', 'This MP4 file is in too many pieces.');
    const head = await file.read(offset, 16);
    const name = head.toString('latin1', 4, 8);
    const { header, size } = sizeOf(head, file.size - offset);
    if (name === 'mdat') soundBytes += Math.min(size, file.size - offset) - header;
    if (name === 'moov') moov = await readMovie(file, offset + header, size - header);
    offset += size;
  }
  if (!moov) throw corrupt('This MP4 file has no index (moov): it was cut off, or never finished.');
  return { moov, soundBytes };
}

async function readMovie(file: BoundedFile, offset: number, size: number): Promise<Box> {
  if (offset + size > file.size) throw corrupt('This MP4 file ends within its index (moov).');
  if (size > MOOV)
    throw new MediaError('TOO_COMPLEX', 'The index (moov) of this MP4 file is too large.');
  return { name: 'moov', body: await file.read(offset, size) };
}

/**
 * The boxes of that name (or all) directly within another. What does not fit is corrupt, not
 * skipped.
 */
export function boxesIn(parent: Box, name?: string): Box[] {
  const found: Box[] = [];
  const { body } = parent;
  let offset = 0;
  for (let count = 0; offset + 8 <= body.length; count++) {
    if (count === CHILDREN)
      throw new MediaError('TOO_COMPLEX', 'This MP4 file holds too many boxes.');
    const rest = body.subarray(offset);
    const own = rest.toString('latin1', 4, 8);
    const { header, size } = sizeOf(rest, rest.length);
    if (size > rest.length) {
      // QuickTime ends a list with four zero bytes, and padding happens; a box that is too long
      // does not.
      throw corrupt(
        `This MP4 file has a box that is longer than what it is in (${printable(own)}).`,
      );
    }
    if (!name || own === name) found.push({ name: own, body: rest.subarray(header, size) });
    offset += size;
  }
  return found;
}

/** The first box of that name directly within another. */
export function findBox(parent: Box, name: string): Box | undefined {
  return boxesIn(parent, name)[0];
}

function sizeOf(head: Buffer, rest: number): { header: number; size: number } {
  const short = head.readUInt32BE(0);
  if (short === 0) return { header: 8, size: rest };
  const wide = short === 1 && head.length >= 16;
  const header = wide ? 16 : 8;
  const size = wide ? Number(head.readBigUInt64BE(8)) : short;
  if (size < header) throw corrupt('This MP4 file has a box that is shorter than its own header.');
  return { header, size };
}

function printable(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?');
}
