import { corrupt, MediaError } from '../../media-error.ts';
import { readPngColor } from '../coded-color.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

/**
 * Reads the chunks of a PNG file (ISO/IEC 15948) up to the first with pixels; null for another
 * format.
 */
export async function readPng(file: BufferedFile, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.read(0, 29);
  if (head.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return null;
  if (head.length < 29 || head.toString('latin1', 12, 16) !== 'IHDR' || head.readUInt32BE(8) !== 13)
    throw corrupt('This PNG file does not begin with its header.');
  const [width, height] = [head.readUInt32BE(16), head.readUInt32BE(20)];
  refuseSize(width, height, limits);
  refuseLargeInterlaced(width * height, head);
  const frames = await countFrames(file, limits);
  const color = await readPngColor(file);
  return { format: 'png', contentType: 'image/png', width, height, frames, color };
}

/** Samples of a pixel as they are decoded, by the type of colour: those of a palette become RGBA. */
const SAMPLES: Record<number, number | undefined> = { 0: 1, 2: 3, 3: 4, 4: 2, 6: 4 };
const MOST_INTERLACED_BYTES = 480_000_000;

/** An interlaced PNG is decoded with all of its pixels in memory. */
function refuseLargeInterlaced(pixels: number, header: Buffer): void {
  const [depth = 8, colorType = 6, , , interlacing] = header.subarray(24);
  const bytes = pixels * (SAMPLES[colorType] ?? 4) * (depth === 16 ? 2 : 1);
  if (interlacing === 0 || bytes <= MOST_INTERLACED_BYTES) return;
  throw new MediaError('TOO_COMPLEX', 'This interlaced PNG takes too much memory to decode.');
}

/** The frame count of an animation is in an acTL chunk before the pixels. */
async function countFrames(file: BufferedFile, limits: ImageLimits): Promise<number> {
  const count = makePartCounter(limits);
  let frames = 1;
  for (let at = 8; ; ) {
    count();
    const head = await file.read(at, 12);
    if (head.length < 12) throw corrupt('This PNG file ends before its pixels.');
    const name = head.toString('latin1', 4, 8);
    if (name === 'IDAT') return frames;
    if (name === 'IEND') throw corrupt('This PNG file has no pixels.');
    if (name === 'acTL') frames = Math.max(1, head.readUInt32BE(8));
    at += 12 + head.readUInt32BE(0);
  }
}
