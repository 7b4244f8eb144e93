import { MediaError } from '../../media-error.ts';
import { openFields } from './index-box.ts';
import type { Item } from './items.ts';

/** The part of a picture that is shown, in pixels of the picture before it is turned. */
interface Crop {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How a picture is cut and turned for display. */
export interface Display {
  crop: Crop;
  /** As EXIF counts: 1 is upright. */
  orientation: number;
}

/** A turn or a mirror image, as a matrix of two rows. */
type Matrix = readonly [number, number, number, number];

const UPRIGHT: Matrix = [1, 0, 0, 1];
const QUARTER_LEFT: Matrix = [0, 1, -1, 0];
/** By the number in the file: top and bottom exchanged, left and right exchanged. */
const MIRRORED: readonly [Matrix, Matrix] = [
  [1, 0, 0, -1],
  [-1, 0, 0, 1],
];
/** From stored to shown, x to the right and y down, for the EXIF orientations from 1 on. */
const ORIENTATIONS: readonly Matrix[] = [
  ...[UPRIGHT, MIRRORED[1]],
  [-1, 0, 0, -1],
  MIRRORED[0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, -1, -1, 0],
  QUARTER_LEFT,
];

/**
 * Reads the properties that cut and turn a picture (ISO/IEC 23008-12 §6.5.9 f., 14496-12
 * §12.1.4). EXIF's own orientation does not count in this format.
 */
export function readDisplay(item: Item, size: { width: number; height: number }): Display {
  let matrix = UPRIGHT;
  let crop: Crop = { left: 0, top: 0, ...size };
  for (const { name, body } of item.properties) {
    if (name === 'irot') {
      const turns = (body[0] ?? 0) & 3;
      for (let n = 0; n < turns; n++) matrix = multiply(QUARTER_LEFT, matrix);
    }
    if (name === 'imir') matrix = multiply(MIRRORED[(body[0] ?? 0) & 1 ? 1 : 0], matrix);
    if (name === 'clap') {
      if (matrix !== UPRIGHT) {
        const why = 'This is an HEIC image that is cut after it is turned.';
        throw new MediaError('UNSUPPORTED_MEDIA', why);
      }
      crop = readCrop(body, size);
    }
  }
  const orientation = ORIENTATIONS.findIndex((one) => one.every((n, at) => n === matrix[at])) + 1;
  return { crop, orientation };
}

function multiply([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g || 0, a * f + b * h || 0, c * e + d * g || 0, c * f + d * h || 0];
}

/** Width, height and the offset of the centre, as fractions. A crop that makes no sense is ignored. */
function readCrop(body: Buffer, { width, height }: { width: number; height: number }): Crop {
  const fields = openFields(body);
  const readFraction = () => {
    const numerator = fields.number(4) | 0;
    return numerator / fields.number(4);
  };
  const [w, h, x, y] = [readFraction(), readFraction(), readFraction(), readFraction()];
  const crop = {
    width: Math.round(w),
    height: Math.round(h),
    left: Math.round((width - w) / 2 + x),
    top: Math.round((height - h) / 2 + y),
  };
  const isWithin =
    crop.width > 0 &&
    crop.height > 0 &&
    crop.left >= 0 &&
    crop.top >= 0 &&
    crop.left + crop.width <= width &&
    crop.top + crop.height <= height;
  return isWithin ? crop : { left: 0, top: 0, width, height };
}
