import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;
/** More than 100 MB have, at the usual 255 bytes each. */
const MOST_SUB_BLOCKS = 1_000_000;

/**
 * Reads a GIF file (87a or 89a) to its end, the only way to count its frames; null for another
 * format.
 */
export async function readGif(file: BufferedFile, all: ImageLimits): Promise<Picture | null> {
  const limits = { ...all, pixels: Math.min(all.pixels, all.framePixels) };
  const head = await file.read(0, 13);
  if (!['GIF87a', 'GIF89a'].includes(head.toString('latin1', 0, 6))) return null;
  if (head.length < 13) throw corrupt('This GIF file ends within its header.');
  const [width, height] = [head.readUInt16LE(6), head.readUInt16LE(8)];
  refuseSize(width, height, limits);
  const frames = await countFrames(file, 13 + countPaletteBytes(head[10] ?? 0), limits);
  if (frames === 0) throw corrupt('There is no picture in this GIF file.');
  return { format: 'gif', contentType: 'image/gif', width, height, frames };
}

async function countFrames(
  file: BufferedFile,
  start: number,
  limits: ImageLimits,
): Promise<number> {
  const count = makePartCounter(limits);
  const subBlocks = { left: MOST_SUB_BLOCKS };
  let frames = 0;
  for (let at = start; at < file.size; ) {
    count();
    const head = await file.read(at, 11);
    if (head[0] === TRAILER) break;
    if (head[0] === EXTENSION) {
      at = await findEndOfSubBlocks(file, at + 2, subBlocks);
    } else if (head[0] === FRAME && head.length === 11) {
      // A decoder also allocates memory for frames that reach beyond the screen.
      const right = head.readUInt16LE(1) + head.readUInt16LE(5);
      refuseSize(
        Math.max(1, right),
        Math.max(1, head.readUInt16LE(3) + head.readUInt16LE(7)),
        limits,
      );
      frames += 1;
      const data = at + 10 + countPaletteBytes(head[9] ?? 0) + 1; // skips the LZW minimum code size
      at = await findEndOfSubBlocks(file, data, subBlocks);
    } else {
      break; // what follows is not part of the picture: viewers ignore it, too
    }
  }
  return frames;
}

async function findEndOfSubBlocks(file: BufferedFile, start: number, allowed: { left: number }) {
  let at = start;
  for (;;) {
    const [length] = await file.read(at, 1);
    if (!length) return at + 1;
    at += 1 + length;
    allowed.left -= 1;
    if (allowed.left < 0) {
      throw new MediaError('TOO_COMPLEX', 'This image is made of too many parts.');
    }
  }
}

/**
 * The size of the colour table that follows, by flags that screen and frames have in the same bits.
 */
function countPaletteBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
