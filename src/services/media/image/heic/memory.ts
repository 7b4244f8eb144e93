import { MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { findConversion } from './color.ts';
import type { HeicImage } from './image.ts';

/** Bytes of a pixel that filters hold: of RGB twice, and what a conversion takes beside. */
const [FILTERS, CONVERSION] = [6, 12];

/**
 * Refuses what takes too much memory to decode: one tile in ffmpeg, which holds it twice as coded
 * and then as RGB, and a row of tiles here. Cameras write tiles of 512 × 512, whatever the picture.
 */
export function refuseMemory(image: HeicImage, limits: ImageLimits): void {
  const { columns, width, tileWidth, tileHeight, tiles } = image.picture;
  const coded = Math.max(...tiles.map(({ config }) => countCodedBytes(config)));
  const perPixel = 2 * coded + FILTERS + (findConversion(image.color) ? CONVERSION : 0);
  const isLarge = tileWidth * tileHeight * perPixel > limits.tileBytes;
  const band = columns === 1 ? 0 : width * tileHeight * 3;
  if (isLarge || band > limits.stripBytes) {
    const tile = `${tileWidth} × ${tileHeight}`;
    throw new MediaError('TOO_LARGE', `The tiles of this HEIC image are too large (${tile}).`);
  }
}

/** Bytes of a pixel by chroma format and bit depth (ISO/IEC 14496-15 §8.3.3.1). */
function countCodedBytes(config: Buffer): number {
  const samples = [1, 1.5, 2, 3][(config[16] ?? 0) & 3] ?? 3;
  return samples * (((config[17] ?? 0) & 7) > 0 ? 2 : 1);
}
