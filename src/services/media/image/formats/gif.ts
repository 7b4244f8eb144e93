import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { type Picture, partCounter, refuseSize } from './picture.ts';
import type { Window } from './window.ts';

const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;
/** More than 100 MB have of the usual 255 bytes. */
const SUB_BLOCKS = 1_000_000;

/** A GIF file (87a or 89a), walked to its end, since only that tells its frames; null when it is none. */
export async function readGif(file: Window, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.at(0, 13);
  if (!['GIF87a', 'GIF89a'].includes(head.toString('latin1', 0, 6))) return null;
  if (head.length < 13) throw corrupt('This GIF file breaks off in its head.');
  const [width, height] = [head.readUInt16LE(6), head.readUInt16LE(8)];
  refuseSize(width, height, limits);
  const frames = await countFrames(file, 13 + paletteBytes(head[10] ?? 0), limits);
  if (frames === 0) throw corrupt('There is no picture in this GIF file.');
  return { format: 'gif', contentType: 'image/gif', width, height, frames };
}

async function countFrames(file: Window, start: number, limits: ImageLimits): Promise<number> {
  const count = partCounter(limits);
  const subBlocks = { left: SUB_BLOCKS };
  let frames = 0;
  for (let at = start; at < file.size; ) {
    count();
    const head = await file.at(at, 11);
    if (head[0] === TRAILER) break;
    if (head[0] === EXTENSION) {
      at = await endOfSubBlocks(file, at + 2, subBlocks);
    } else if (head[0] === FRAME && head.length === 11) {
      // A decoder makes room for frames that reach beyond the screen.
      const right = head.readUInt16LE(1) + head.readUInt16LE(5);
      refuseSize(
        Math.max(1, right),
        Math.max(1, head.readUInt16LE(3) + head.readUInt16LE(7)),
        limits,
      );
      frames += 1;
      const data = at + 10 + paletteBytes(head[9] ?? 0) + 1; // after the size of its first codes
      at = await endOfSubBlocks(file, data, subBlocks);
    } else {
      break; // whatever follows is no part of the picture: viewers leave it alone, too
    }
  }
  return frames;
}

async function endOfSubBlocks(file: Window, start: number, allowed: { left: number }) {
  let at = start;
  for (;;) {
    const [length] = await file.at(at, 1);
    if (!length) return at + 1;
    at += 1 + length;
    allowed.left -= 1;
    if (allowed.left < 0) {
      throw new MediaError('TOO_COMPLEX', 'This image is made of too many parts.');
    }
  }
}

/** Screen and frames say in the same bits whether colours follow, and how many. */
function paletteBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
