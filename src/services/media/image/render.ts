import type { Metadata, Sharp } from 'sharp';
import { AppError, type Fault } from '../../../errors.ts';
import { type Box, decodeInto, fromPixels, type Pixels, readHeader } from './decoder.ts';

/** How an image is brought into a box; the first unless told. */
export const FITS = ['inside', 'cover', 'contain', 'fill'] as const;
/** What an image can become; the first unless told. */
export const FORMATS = ['webp', 'avif', 'jpeg', 'png'] as const;

/** An image made to measure. */
export interface RenderOptions {
  /** In pixels; without one of them the shape is kept, without both the size, as far as may be. */
  width?: number;
  height?: number;
  /**
   * `inside`: whole, at most as large. `cover`: the box's shape filled, what hangs over cut off around
   * the middle. `contain`: whole, in the middle of exactly such a box, the rest transparent (white in a
   * JPEG). `fill`: stretched. None enlarges: where the image is smaller than the box, so is the result,
   * `cover` keeping the box's shape; only `contain` still has the size of the box.
   */
  fit: (typeof FITS)[number];
  format: (typeof FORMATS)[number];
  /** 1 to 100; a PNG has none. */
  quality?: number;
}

export interface Rendered {
  contentType: string;
  size: number;
  width: number;
  height: number;
}

/** The longest side of one, in pixels. */
export const MOST_SIDE = 4096;
/** Where they are about as good as each other to look at. */
export const QUALITY = { webp: 80, avif: 50, jpeg: 80 } as const;

/**
 * Reads `width`, `height`, `fit` (inside), `format` (webp) and `quality` (80; 50 for AVIF).
 * @throws AppError INVALID_QUERY naming every fault
 */
export function parseRender(query: Readonly<Record<string, string | undefined>>): RenderOptions {
  const errors: Fault[] = [];
  const whole = (path: string, most: number) => {
    const text = query[path];
    if (text === undefined) return undefined;
    const value = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    errors.push({ path, message: `must be a whole number from 1 to ${most}` });
    return undefined;
  };
  const oneOf = <const T extends string>(path: string, all: readonly [T, ...T[]]) => {
    const text = query[path] ?? all[0];
    const value = all.find((one) => one === text);
    if (!value) errors.push({ path, message: `must be one of ${all.join(', ')}` });
    return value ?? all[0];
  };
  const width = whole('width', MOST_SIDE);
  const height = whole('height', MOST_SIDE);
  const fit = oneOf('fit', FITS);
  const format = oneOf('format', FORMATS);
  const quality = whole('quality', 100);
  if (errors.length > 0) {
    const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new AppError('INVALID_QUERY', detail, { errors });
  }
  return {
    ...(width && { width }),
    ...(height && { height }),
    ...(!width && !height && { width: MOST_SIDE, height: MOST_SIDE }),
    // With one side alone there is nothing to fit: the same picture has one name.
    fit: width && height ? fit : 'inside',
    format,
    ...(format === 'png' ? {} : { quality: quality ?? QUALITY[format] }),
  };
}

/** The same for options that make the same image: `w640-h480-cover-q80.webp`. */
export function renderKey({ width, height, fit, format, quality }: RenderOptions): string {
  const sides = [width && `w${width}`, height && `h${height}`];
  return `${[...sides, fit, quality && `q${quality}`].filter(Boolean).join('-')}.${format}`;
}

/**
 * Makes an image of one that was accepted (a READY original), upright, in sRGB, and bare of metadata.
 * Whoever aborts waits for what the decoder is at, some seconds at most.
 * @throws MediaError when the source cannot be decoded after all; the signal's reason when aborted
 */
export async function renderImage(
  sourcePath: string,
  options: RenderOptions,
  outPath: string,
  signal: AbortSignal,
): Promise<Rendered> {
  signal.throwIfAborted();
  const header = await readHeader(sourcePath);
  signal.throwIfAborted();
  const orientation = header.orientation ?? 1;
  const pixels = await decodeInto(sourcePath, boxOf(options, shown(header)), orientation);
  signal.throwIfAborted();
  const { size, width, height } = await encode(framed(pixels, options), options).toFile(outPath);
  signal.throwIfAborted();
  return { contentType: `image/${options.format}`, size, width, height };
}

function shown({ width, height, orientation = 1 }: Metadata) {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function boxOf(options: RenderOptions, image: { width: number; height: number }): Box {
  // Without a bound of its own a side follows the other.
  const { width = image.width, height = image.height, fit } = options;
  if (fit === 'cover') {
    const scale = Math.min(1, image.width / width, image.height / height);
    const side = (length: number) => Math.max(1, Math.round(length * scale));
    return { width: side(width), height: side(height), fit };
  }
  if (fit === 'fill') {
    return { width: Math.min(width, image.width), height: Math.min(height, image.height), fit };
  }
  return { width, height, fit: 'inside' };
}

function framed(pixels: Pixels, { fit, width, height, format }: RenderOptions): Sharp {
  const sharp = fromPixels(pixels);
  if (fit !== 'contain' || !width || !height) return sharp;
  const [left, top] = [(width - pixels.width) >> 1, (height - pixels.height) >> 1];
  return sharp.extend({
    ...{ left, right: width - pixels.width - left },
    ...{ top, bottom: height - pixels.height - top },
    background: { r: 255, g: 255, b: 255, alpha: format === 'jpeg' ? 1 : 0 },
  });
}

function encode(sharp: Sharp, { format, quality = 80 }: RenderOptions): Sharp {
  if (format === 'png') return sharp.png();
  if (format === 'jpeg') return sharp.flatten({ background: 'white' }).jpeg({ quality });
  if (format === 'avif') return sharp.avif({ quality, effort: 0 });
  return sharp.webp({ quality, effort: 2 });
}
