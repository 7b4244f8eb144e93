import { corrupt } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { type Picture, partCounter, refuseSize } from './picture.ts';
import type { Window } from './window.ts';

/** A PNG file (ISO/IEC 15948), from its chunks up to the first of pixels; null when it is none. */
export async function readPng(file: Window, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.at(0, 29);
  if (head.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return null;
  if (head.length < 29 || head.toString('latin1', 12, 16) !== 'IHDR' || head.readUInt32BE(8) !== 13)
    throw corrupt('This PNG file does not begin with its header.');
  const [width, height] = [head.readUInt32BE(16), head.readUInt32BE(20)];
  refuseSize(width, height, limits);
  const frames = await countFrames(file, limits);
  return { format: 'png', contentType: 'image/png', width, height, frames };
}

/** An animation says how many frames it has ahead of the pixels (acTL). */
async function countFrames(file: Window, limits: ImageLimits): Promise<number> {
  const count = partCounter(limits);
  let frames = 1;
  for (let at = 8; ; ) {
    count();
    const head = await file.at(at, 12);
    if (head.length < 12) throw corrupt('This PNG file breaks off before its pixels.');
    const name = head.toString('latin1', 4, 8);
    if (name === 'IDAT') return frames;
    if (name === 'IEND') throw corrupt('This PNG file has no pixels.');
    if (name === 'acTL') frames = Math.max(1, head.readUInt32BE(8));
    at += 12 + head.readUInt32BE(0);
  }
}
