import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp';
import { makeSdrConverter, type SourceColor } from '../color/to-sdr.ts';
import { corrupt, MediaError } from '../media-error.ts';
import { IMAGE_LIMITS, type ImageLimits } from './limits.ts';

// Process-wide settings of libvips: one thread, no cache, and loaders for the accepted formats
// alone, so that others (SVG, its own format…) are blocked. Where memory is short, set
// MALLOC_ARENA_MAX=2: otherwise glibc retains freed memory in an arena per thread.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif', 'Tiff'].map(
    (name) => `VipsForeignLoad${name}`,
  ),
});

/** Decoded pixels: 8 bits per channel, sRGB, upright. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 3 | 4;
}

/** The box that a picture is resized to. */
export interface Box {
  width: number;
  height: number;
  fit: 'inside' | 'cover' | 'fill';
}

/** Reads the header with the decoder, without decoding pixels. @throws MediaError */
export async function readHeader(
  path: string,
  limits: ImageLimits = IMAGE_LIMITS,
): Promise<Metadata> {
  return openImage(path, limits).metadata().catch(refuseDecodeError);
}

/**
 * Decodes the first frame into a box, never enlarged, in sRGB and upright. It is shrunk while
 * decoding, so that only a few rows and the result are in memory (if the format can be decoded row
 * by row), and rotated afterwards, when it is small.
 * @throws MediaError
 */
export async function decodeInto(
  path: string,
  box: Box,
  orientation: number,
  limits: ImageLimits = IMAGE_LIMITS,
  color: SourceColor | null = null,
): Promise<Pixels> {
  const isTurned = orientation >= 5;
  const decoding = openImage(path, limits)
    .resize({
      width: isTurned ? box.height : box.width,
      height: isTurned ? box.width : box.height,
      fit: box.fit,
      withoutEnlargement: true,
    })
    .timeout({ seconds: limits.seconds });
  // Steps of eight bits are too coarse for the curves of other colour spaces.
  const raw = color
    ? decoding.toColourspace('rgb16').raw({ depth: 'ushort' })
    : decoding.toColourspace('srgb').raw();
  const decoded = await raw.toBuffer({ resolveWithObject: true }).catch(refuseDecodeError);
  const pixels = toPixels(color ? { ...decoded, data: convertToSrgb(decoded, color) } : decoded);
  if (orientation <= 1) return pixels;
  return toPixels(
    await turnUpright(pixels, orientation).raw().toBuffer({ resolveWithObject: true }),
  );
}

/** Converts samples of 16 bits in another colour space to sRGB in 8 bits. */
function convertToSrgb(
  { data, info }: { data: Buffer; info: OutputInfo },
  color: SourceColor,
): Buffer {
  const { channels } = info;
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const converted = Buffer.alloc(samples.length);
  const convert = makeSdrConverter(color);
  const rgb = new Float64Array(3);
  for (let at = 0; at < samples.length; at += channels) {
    for (let n = 0; n < 3; n++) rgb[n] = (samples[at + n] ?? 0) / 65_535;
    convert(rgb);
    for (let n = 0; n < 3; n++) converted[at + n] = Math.round((rgb[n] ?? 0) * 255);
    if (channels === 4) converted[at + 3] = (samples[at + 3] ?? 0) >> 8;
  }
  return converted;
}

/** Opens decoded pixels for further operations. */
export function openPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** Converts the output of sharp's `raw()`. */
export function toPixels({ data, info }: { data: Buffer; info: OutputInfo }): Pixels {
  const { width, height, channels } = info;
  if (channels !== 3 && channels !== 4) throw new Error(`sRGB has ${channels} channels`);
  return { data, width, height, channels };
}

function openImage(path: string, limits: ImageLimits): Sharp {
  // `error` accepts what viewers accept with a warning, such as stray bytes between segments.
  return sharp(path, { limitInputPixels: limits.pixels, failOn: 'error', sequentialRead: true });
}

/** Undoes the eight EXIF orientations. sharp mirrors before it rotates. */
function turnUpright(pixels: Pixels, orientation: number): Sharp {
  const image = openPixels(pixels);
  if ([2, 5, 7].includes(orientation)) image.flop();
  if (orientation === 4) image.flip();
  if (orientation === 3) return image.rotate(180);
  if (orientation === 5 || orientation === 8) return image.rotate(270);
  if (orientation === 6 || orientation === 7) return image.rotate(90);
  return image;
}

/** Tells the file's faults from ours by the decoder's messages, since it has no error codes. */
function refuseDecodeError(cause: Error): never {
  const { message } = cause;
  if (/^timeout:/m.test(message)) {
    throw new MediaError('TIMED_OUT', 'Decoding this image took too long.', { cause });
  }
  if (/exceeds pixel limit/.test(message)) {
    throw new MediaError('TOO_LARGE', 'This image has too many pixels.', { cause });
  }
  // Our fault, not the file's: the job is retried, perhaps on another machine.
  if (
    /out of memory|unable to allocate|cannot allocate|No space left|Input file is missing/i.test(
      message,
    )
  ) {
    throw new Error('The image could not be decoded here', { cause });
  }
  throw corrupt('This image cannot be decoded.', { cause });
}
