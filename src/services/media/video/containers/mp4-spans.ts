import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';

/** Where the body of a box is: its tables may be larger than what is worth reading. */
export interface Span {
  name: string;
  start: number;
  end: number;
}

/** A fragmented recording of four hours has some 7,000 fragments of two boxes each. */
const TOP_LEVEL = 20_000;
const CHILDREN = 200;
/** A description of samples with its decoder's own header, at its largest. */
const LOADED = 1024 * 1024;

/** The movie box. Headers alone are read, and no claim is believed. */
export async function topLevel(file: BoundedFile): Promise<Span> {
  const whole = { name: 'file', start: 0, end: file.size };
  let moov: Span | null = null;
  for await (const box of boxes(file, whole, TOP_LEVEL, true)) {
    if (box.name !== 'moov') continue;
    if (box.end > file.size) throw corrupt('This MP4 file ends within its index (moov).');
    moov ??= box;
  }
  if (!moov) throw corrupt('This MP4 file has no index (moov): it was cut off, or never finished.');
  return moov;
}

/** The boxes directly within another. */
export async function childrenOf(file: BoundedFile, parent: Span): Promise<Span[]> {
  const found: Span[] = [];
  for await (const box of boxes(file, parent, CHILDREN, false)) found.push(box);
  return found;
}

/** The body of a box that is small in every honest file. */
export async function loaded(file: BoundedFile, { start, end }: Span): Promise<Buffer> {
  if (end - start > LOADED) {
    throw new MediaError('TOO_COMPLEX', 'A description in this MP4 file is too large.');
  }
  return file.read(start, end - start);
}

async function* boxes(file: BoundedFile, parent: Span, most: number, mayBeCut: boolean) {
  let offset = parent.start;
  for (let count = 0; offset + 8 <= parent.end; count++) {
    if (count === most) throw new MediaError('TOO_COMPLEX', 'This MP4 file is in too many pieces.');
    const head = await file.read(offset, 16);
    const name = head.toString('latin1', 4, 8);
    const { header, size } = sizeOf(head, parent.end - offset);
    // QuickTime ends a list with four zero bytes.
    if (size === 0) return;
    if (offset + size > parent.end && !mayBeCut) {
      throw corrupt('This MP4 file has a box that is longer than what it is in.');
    }
    yield { name, start: offset + header, end: offset + size };
    offset += size;
  }
}

function sizeOf(head: Buffer, rest: number): { header: number; size: number } {
  const short = head.readUInt32BE(0);
  if (short === 0)
    return head.readUInt32BE(4) === 0 ? { header: 8, size: 0 } : { header: 8, size: rest };
  const wide = short === 1 && head.length >= 16;
  const header = wide ? 16 : 8;
  const size = wide ? Number(head.readBigUInt64BE(8)) : short;
  if (size < header) throw corrupt('This MP4 file has a box that is shorter than its own header.');
  return { header, size };
}
