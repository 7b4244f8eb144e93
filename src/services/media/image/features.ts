import { blurHash } from './blur-hash.ts';
import { fromPixels, type Pixels } from './decoder.ts';

/** What is seen in a picture as a whole. */
export interface Seen {
  /** `#rrggbb`; none of a picture that is wholly transparent. */
  dominantColor?: string;
  blurHash: string;
  /** 16 hex digits. */
  perceptualHash: string;
}

/** Looks at a small copy of a picture. What is transparent counts as white, but for the dominant colour. */
export async function lookAt(pixels: Pixels): Promise<Seen> {
  const color = dominantColor(pixels);
  return {
    ...(color ? { dominantColor: color } : {}),
    blurHash: await blur(pixels),
    perceptualHash: await perceptualHash(pixels),
  };
}

const BITS = 4;
/** What is less opaque has no colour to speak of. */
const OPAQUE = 32;

/** The mean of the colours that fall into the fullest of 4096 equal boxes. */
function dominantColor({ data, channels }: Pixels): string | null {
  const boxes = new Float64Array(4 * 2 ** (3 * BITS)); // count and sums of each
  let fullest = 0;
  for (let at = 0; at + channels <= data.length; at += channels) {
    if (channels === 4 && (data[at + 3] ?? 0) < OPAQUE) continue;
    const [r = 0, g = 0, b = 0] = [data[at], data[at + 1], data[at + 2]];
    const drop = 8 - BITS;
    const box = 4 * (((r >> drop) << (2 * BITS)) | ((g >> drop) << BITS) | (b >> drop));
    for (const [n, value] of [1, r, g, b].entries()) boxes[box + n] = (boxes[box + n] ?? 0) + value;
    if ((boxes[box] ?? 0) > (boxes[fullest] ?? 0)) fullest = box;
  }
  const [count = 0, ...sums] = boxes.subarray(fullest, fullest + 4);
  if (count === 0) return null;
  const hex = sums.map((sum) =>
    Math.round(sum / count)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${hex.join('')}`;
}

const BLUR_SIDE = 32;

/** 4 × 3 waves, the longer side getting the four. */
async function blur(pixels: Pixels): Promise<string> {
  const small = await fromPixels(pixels)
    .flatten({ background: 'white' })
    .resize(BLUR_SIDE, BLUR_SIDE, { fit: 'fill' })
    .raw()
    .toBuffer();
  const [across, down] = pixels.width >= pixels.height ? [4, 3] : [3, 4];
  return blurHash(small, BLUR_SIDE, BLUR_SIDE, across, down);
}

/**
 * A difference hash (dHash): the picture as 9 × 8 greys, and a bit for each two neighbours in a row, 1
 * where it gets brighter to the right; row by row, the first bit the highest. Copies that were scaled,
 * compressed or tinted differ in a few bits of the 64; other pictures in about 32.
 */
async function perceptualHash(pixels: Pixels): Promise<string> {
  const greys = await fromPixels(pixels)
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
