import { encodeBlurHash } from './blur-hash.ts';
import { openPixels, type Pixels } from './decoder.ts';

/** Features computed from the pixels of a picture. */
export interface ImageFeatures {
  /** `#rrggbb`; absent if the picture is fully transparent. */
  dominantColor?: string;
  blurHash: string;
  /** 16 hex digits. */
  perceptualHash: string;
}

/**
 * Computes the features of a small copy. Transparent pixels are white, but ignored for the dominant
 * colour.
 */
export async function computeFeatures(pixels: Pixels): Promise<ImageFeatures> {
  const color = findDominantColor(pixels);
  return {
    ...(color ? { dominantColor: color } : {}),
    blurHash: await computeBlurHash(pixels),
    perceptualHash: await computePerceptualHash(pixels),
  };
}

const BITS = 4;
/** Pixels with a lower alpha are ignored. */
const MIN_ALPHA = 32;

/** The mean colour of the fullest of 4096 equal bins of the RGB cube. */
function findDominantColor({ data, channels }: Pixels): string | null {
  const bins = new Float64Array(4 * 2 ** (3 * BITS)); // pixel count and sums of r, g, b of each bin
  let fullest = 0;
  for (let at = 0; at + channels <= data.length; at += channels) {
    if (channels === 4 && (data[at + 3] ?? 0) < MIN_ALPHA) continue;
    const [r = 0, g = 0, b = 0] = [data[at], data[at + 1], data[at + 2]];
    const drop = 8 - BITS;
    const bin = 4 * (((r >> drop) << (2 * BITS)) | ((g >> drop) << BITS) | (b >> drop));
    for (const [n, value] of [1, r, g, b].entries()) bins[bin + n] = (bins[bin + n] ?? 0) + value;
    if ((bins[bin] ?? 0) > (bins[fullest] ?? 0)) fullest = bin;
  }
  const [count = 0, ...sums] = bins.subarray(fullest, fullest + 4);
  if (count === 0) return null;
  const hex = sums.map((sum) =>
    Math.round(sum / count)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${hex.join('')}`;
}

const BLUR_SIDE = 32;

/** A BlurHash of 4 × 3 components, four along the longer side. */
async function computeBlurHash(pixels: Pixels): Promise<string> {
  const small = await openPixels(pixels)
    .flatten({ background: 'white' })
    .resize(BLUR_SIDE, BLUR_SIDE, { fit: 'fill' })
    .raw()
    .toBuffer();
  const [across, down] = pixels.width >= pixels.height ? [4, 3] : [3, 4];
  return encodeBlurHash(small, BLUR_SIDE, BLUR_SIDE, across, down);
}

/**
 * A difference hash (dHash): the picture as 9 × 8 grey pixels, and one bit for each horizontal pair
 * of neighbours, 1 if the right one is brighter; row by row, most significant bit first. Scaled,
 * compressed or tinted copies differ in a few of the 64 bits, other pictures in about 32.
 */
async function computePerceptualHash(pixels: Pixels): Promise<string> {
  const greys = await openPixels(pixels)
    .flatten({ background: 'white' })
    .resize(9, 8, { fit: 'fill' })
    .greyscale()
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  let bits = 0n;
  for (let n = 0; n < 64; n++) {
    const at = Math.floor(n / 8) * 9 + (n % 8);
    bits = (bits << 1n) | ((greys[at + 1] ?? 0) > (greys[at] ?? 0) ? 1n : 0n);
  }
  return bits.toString(16).padStart(16, '0');
}
