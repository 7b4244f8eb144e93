import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp';
import { corrupt, MediaError } from '../media-error.ts';
import { IMAGE_LIMITS, type ImageLimits } from './limits.ts';

// Of the whole process: one image at a time has one thread, nothing is kept for later, and libvips opens
// what we accept alone. Whatever else it could read (SVG, its own format…) is no longer there. Where memory
// is short the process wants MALLOC_ARENA_MAX=2, or glibc keeps what one image needed for each thread.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map(
    (name) => `VipsForeignLoad${name}`,
  ),
});

/** Pixels in memory, 8 bits a channel, sRGB, upright. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 3 | 4;
}

/** How a picture is fitted into a box, before its orientation is applied. */
export interface Box {
  width: number;
  height: number;
  fit: 'inside' | 'cover' | 'fill';
}

/** What the decoder reads of the head: no pixels yet. @throws MediaError */
export async function readHeader(
  path: string,
  limits: ImageLimits = IMAGE_LIMITS,
): Promise<Metadata> {
  return open(path, limits).metadata().catch(refuse);
}

/**
 * The first frame in a box, never enlarged, in sRGB and upright. Shrunk while it is decoded, so that no
 * more is ever held than a few rows and the result, where the format lets one read so; turned when it is
 * small, which is the same and costs next to nothing.
 * @throws MediaError
 */
export async function decodeInto(
  path: string,
  box: Box,
  orientation: number,
  limits: ImageLimits = IMAGE_LIMITS,
): Promise<Pixels> {
  const isTurned = orientation >= 5;
  const decoded = await open(path, limits)
    .resize({
      width: isTurned ? box.height : box.width,
      height: isTurned ? box.width : box.height,
      fit: box.fit,
      withoutEnlargement: true,
    })
    .toColourspace('srgb')
    .timeout({ seconds: limits.seconds })
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(refuse);
  const pixels = pixelsOf(decoded);
  if (orientation <= 1) return pixels;
  return pixelsOf(await upright(pixels, orientation).raw().toBuffer({ resolveWithObject: true }));
}

/** To go on with pixels. */
export function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** What came of `raw()`. */
export function pixelsOf({ data, info }: { data: Buffer; info: OutputInfo }): Pixels {
  const { width, height, channels } = info;
  if (channels !== 3 && channels !== 4) throw new Error(`sRGB has ${channels} channels`);
  return { data, width, height, channels };
}

function open(path: string, limits: ImageLimits): Sharp {
  // `error`: what viewers let pass with a warning (stray bytes between segments) is let pass.
  return sharp(path, { limitInputPixels: limits.pixels, failOn: 'error', sequentialRead: true });
}

/** EXIF's eight ways to hold a camera, undone. sharp mirrors before it turns. */
function upright(pixels: Pixels, orientation: number): Sharp {
  const image = fromPixels(pixels);
  if ([2, 5, 7].includes(orientation)) image.flop();
  if (orientation === 4) image.flip();
  if (orientation === 3) return image.rotate(180);
  if (orientation === 5 || orientation === 8) return image.rotate(270);
  if (orientation === 6 || orientation === 7) return image.rotate(90);
  return image;
}

/** Whose fault it is: what the decoder cannot say by a code, it says in words. */
function refuse(cause: Error): never {
  const { message } = cause;
  if (/^timeout:/m.test(message)) {
    throw new MediaError('TIMED_OUT', 'Decoding this image took too long.', { cause });
  }
  if (/exceeds pixel limit/.test(message)) {
    throw new MediaError('TOO_LARGE', 'This image has too many pixels.', { cause });
  }
  // Ours, not the file's: worth another try, on another machine.
  if (
    /out of memory|unable to allocate|cannot allocate|No space left|Input file is missing/i.test(
      message,
    )
  ) {
    throw new Error('The image could not be decoded here', { cause });
  }
  throw corrupt('This image cannot be decoded.', { cause });
}
