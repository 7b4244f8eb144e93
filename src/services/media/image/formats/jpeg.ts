import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
const PROGRESSIVE = 0xc2;
const MOST_COMPONENTS = 4;
const MOST_COEFFICIENT_BYTES = 480_000_000;
/** Baseline, extended and progressive Huffman coding, which every decoder supports. */
const SUPPORTED = [0xc0, 0xc1, 0xc2];

/**
 * Reads the segments of a JPEG file (ITU T.81 annex B) up to the frame header; null for another
 * format.
 */
export async function readJpeg(file: BufferedFile, limits: ImageLimits): Promise<Picture | null> {
  if ((await file.read(0, 3)).toString('hex') !== 'ffd8ff') return null;
  const count = makePartCounter(limits);
  for (let at = 2; ; ) {
    count();
    const head = await file.read(at, 10 + 3 * MOST_COMPONENTS);
    const [start = 0, marker = 0] = head;
    if (head.length < 4 || start !== 0xff) throw corrupt('This JPEG file ends within its header.');
    if (marker === 0xff) {
      at += 1; // padding
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) {
      throw corrupt('This JPEG file has no frame header.');
    }
    if (isFrameHeader(marker)) return readFrameHeader(marker, head, limits);
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isAlone ? 2 : 2 + head.readUInt16BE(2);
  }
}

function isFrameHeader(marker: number): boolean {
  return (
    (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7
  );
}

function readFrameHeader(marker: number, head: Buffer, limits: ImageLimits): Picture {
  if (head.length < 10) throw corrupt('This JPEG file ends within its header.');
  const [precision, components] = [head[4] ?? 0, head[9] ?? 0];
  if (!SUPPORTED.includes(marker)) throw unsupported('lossless, arithmetic or hierarchical coding');
  if (precision !== 8) throw unsupported(`${precision} bits per sample`);
  if (![1, 3, 4].includes(components)) throw unsupported(`${components} components`);
  const [height, width] = [head.readUInt16BE(5), head.readUInt16BE(7)];
  refuseSize(width, height, limits);
  if (marker === PROGRESSIVE) refuseCoefficients(width * height, head.subarray(10), components);
  return { format: 'jpeg', contentType: 'image/jpeg', width, height, frames: 1 };
}

/** A progressive JPEG is decoded with all of its coefficients in memory, two bytes each. */
function refuseCoefficients(pixels: number, table: Buffer, components: number): void {
  const samples = Array.from({ length: components }, (_, n) => {
    const sampling = table[n * 3 + 1] ?? 0x11;
    return (sampling >> 4) * (sampling & 15);
  });
  const bytes = (2 * pixels * samples.reduce((sum, one) => sum + one, 0)) / Math.max(1, ...samples);
  if (bytes <= MOST_COEFFICIENT_BYTES) return;
  throw new MediaError('TOO_COMPLEX', 'This progressive JPEG takes too much memory to decode.');
}

function unsupported(what: string): MediaError {
  return new MediaError('UNSUPPORTED_MEDIA', `This is a JPEG image with ${what}.`);
}
