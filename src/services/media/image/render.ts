import type { Metadata, Sharp } from 'sharp';
import { AppError, type Fault } from '../../../errors.ts';
import { openBounded } from '../bounded-file.ts';
import { readXmp } from '../metadata/xmp.ts';
import { type Box, decodeInto, openPixels, type Pixels, readHeader } from './decoder.ts';
import type { HeicWork } from './heic/decode.ts';
import { IMAGE_LIMITS } from './limits.ts';
import { chooseMark } from './mark.ts';
import { sniffImage } from './sniff.ts';
import { type ImageSource, openSource } from './source.ts';

/** How an image is fitted into a box; the first is the default. */
export const FITS = ['inside', 'cover', 'contain', 'fill'] as const;
/** The output formats; the first is the default. */
export const FORMATS = ['webp', 'avif', 'jpeg', 'png'] as const;

/** The options of a render: a resized copy of an image, made on request. */
export interface RenderOptions {
  /**
   * In pixels. Without one of them the aspect ratio is kept; without both the size, up to 4096 per
   * side.
   */
  width?: number;
  height?: number;
  /**
   * `inside`: the whole image, at most as large as the box. `cover`: fills the box, cropped around
   * the centre. `contain`: the whole image in the centre of a box of exactly this size, the rest
   * transparent (white in a JPEG). `fill`: stretched to the box. The image is never enlarged: the
   * result of a smaller one is smaller than the box (with `cover`, of the aspect ratio of the box);
   * only `contain` always has the size of the box.
   */
  fit: (typeof FITS)[number];
  format: (typeof FORMATS)[number];
  /** 1 to 100; none for PNG. */
  quality?: number;
}

/** Where a render is made, and by what. */
export type RenderWork = Omit<HeicWork, 'limits'>;

export interface Rendered {
  contentType: string;
  size: number;
  width: number;
  height: number;
}

/** The longest side of a render, in pixels. */
export const MOST_SIDE = 4096;
/** The default qualities, at which the formats look about the same. */
export const QUALITY = { webp: 80, avif: 50, jpeg: 80 } as const;

/**
 * Parses `width`, `height`, `fit` (default inside), `format` (default webp) and `quality` (default
 * 80; 50 for AVIF). @throws AppError INVALID_QUERY with every fault
 */
export function parseRenderOptions(
  query: Readonly<Record<string, string | undefined>>,
): RenderOptions {
  const errors: Fault[] = [];
  const readInteger = (path: string, most: number) => {
    const text = query[path];
    if (text === undefined) return undefined;
    const value = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    errors.push({ path, message: `must be a whole number from 1 to ${most}` });
    return undefined;
  };
  const readOneOf = <const T extends string>(path: string, all: readonly [T, ...T[]]) => {
    const text = (query[path] ?? all[0]).toLowerCase();
    const value = all.find((one) => one === text);
    if (!value) errors.push({ path, message: `must be one of ${all.join(', ').toUpperCase()}` });
    return value ?? all[0];
  };
  const width = readInteger('width', MOST_SIDE);
  const height = readInteger('height', MOST_SIDE);
  const fit = readOneOf('fit', FITS);
  const format = readOneOf('format', FORMATS);
  const quality = readInteger('quality', 100);
  if (errors.length > 0) {
    const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new AppError('INVALID_QUERY', detail, { errors });
  }
  return {
    ...(width && { width }),
    ...(height && { height }),
    ...(!width && !height && { width: MOST_SIDE, height: MOST_SIDE }),
    // With one side alone all fits give the same image, so they share one key.
    fit: width && height ? fit : 'inside',
    format,
    ...(format === 'png' ? {} : { quality: quality ?? QUALITY[format] }),
  };
}

/**
 * The key of a render, the same for options that give the same image: `w640-h480-cover-q80.webp`.
 */
export function buildRenderKey({ width, height, fit, format, quality }: RenderOptions): string {
  const sides = [width && `w${width}`, height && `h${height}`];
  return `${[...sides, fit, quality && `q${quality}`].filter(Boolean).join('-')}.${format}`;
}

/**
 * Renders an accepted (READY) original to a file: upright, sRGB, without metadata, but that
 * an image was generated is said by its renders, too. An abort takes
 * effect when the decoder finishes its current step, after some seconds at most.
 * @throws MediaError when the source cannot be decoded; the signal's reason when aborted
 */
export async function renderImage(
  sourcePath: string,
  options: RenderOptions,
  outPath: string,
  work: RenderWork,
): Promise<Rendered> {
  const { signal } = work;
  signal.throwIfAborted();
  await using source = await openOriginal(sourcePath, work);
  const header = await readHeader(source.path);
  signal.throwIfAborted();
  const orientation = header.orientation ?? 1;
  const pixels = await decodeInto(
    source.path,
    computeBox(options, getShownSize(header)),
    orientation,
    IMAGE_LIMITS,
    source.color,
  );
  signal.throwIfAborted();
  const mark = chooseMark(header.xmp && readXmp(header.xmp).digitalSourceType);
  const encoded = mark(encodeAs(padToBox(pixels, options), options));
  const { size, width, height } = await encoded.toFile(outPath);
  signal.throwIfAborted();
  return { contentType: `image/${options.format}`, size, width, height };
}

async function openOriginal(path: string, work: RenderWork): Promise<ImageSource> {
  const file = await openBounded(path, work.signal);
  try {
    const picture = await sniffImage(file, IMAGE_LIMITS);
    return await openSource(path, file, picture, { ...work, limits: IMAGE_LIMITS });
  } finally {
    await file.close();
  }
}

function getShownSize({ width, height, orientation = 1 }: Metadata) {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function computeBox(options: RenderOptions, image: { width: number; height: number }): Box {
  // A side that is not given is not limited.
  const { width = image.width, height = image.height, fit } = options;
  if (fit === 'cover') {
    const scale = Math.min(1, image.width / width, image.height / height);
    const scaleSide = (length: number) => Math.max(1, Math.round(length * scale));
    return { width: scaleSide(width), height: scaleSide(height), fit };
  }
  if (fit === 'fill') {
    return { width: Math.min(width, image.width), height: Math.min(height, image.height), fit };
  }
  return { width, height, fit: 'inside' };
}

function padToBox(pixels: Pixels, { fit, width, height, format }: RenderOptions): Sharp {
  const sharp = openPixels(pixels);
  if (fit !== 'contain' || !width || !height) return sharp;
  const [left, top] = [(width - pixels.width) >> 1, (height - pixels.height) >> 1];
  return sharp.extend({
    ...{ left, right: width - pixels.width - left },
    ...{ top, bottom: height - pixels.height - top },
    background: { r: 255, g: 255, b: 255, alpha: format === 'jpeg' ? 1 : 0 },
  });
}

function encodeAs(sharp: Sharp, { format, quality = 80 }: RenderOptions): Sharp {
  if (format === 'png') return sharp.png();
  if (format === 'jpeg') return sharp.flatten({ background: 'white' }).jpeg({ quality });
  if (format === 'avif') return sharp.avif({ quality, effort: 0 });
  return sharp.webp({ quality, effort: 2 });
}
