/** The limits of one image. */
export interface ImageLimits {
  bytes: number;
  /** Width × height of a frame. */
  pixels: number;
  /**
   * The same for AVIF, whose decoder holds several copies of a whole frame, up to 25 bytes per
   * pixel.
   */
  avifPixels: number;
  /** The same for GIF, of which whole frames are in memory. */
  framePixels: number;
  /** Pictures that an AVIF may be composed of. */
  tiles: number;
  /** Width or height, in pixels. */
  side: number;
  /** Frames or pages are counted up to this number; only the first is shown. */
  frames: number;
  /** Segments, chunks, frames or directories read to examine a file. */
  parts: number;
  /** Bytes of a strip, or of a row of tiles, which the decoder of a TIFF holds at once. */
  stripBytes: number;
  /** Bytes that the decoder of HEIC may take for one tile. */
  tileBytes: number;
  /** Time that decoding may take. */
  seconds: number;
}

export const IMAGE_LIMITS: Readonly<ImageLimits> = {
  bytes: 100_000_000,
  pixels: 100_000_000,
  avifPixels: 25_000_000,
  framePixels: 40_000_000,
  tiles: 64,
  side: 32_768,
  frames: 200,
  parts: 10_000,
  stripBytes: 200_000_000,
  tileBytes: 450_000_000,
  seconds: 20,
};

/** The content types detected in accepted files. */
export type ImageContentType =
  | 'image/jpeg'
  | 'image/png'
  | 'image/webp'
  | 'image/avif'
  | 'image/gif'
  | 'image/tiff'
  | 'image/heic'
  | 'image/heic-sequence';

/**
 * The content types that an upload may declare: those, and the aliases that browsers and systems
 * use.
 */
export const IMAGE_CONTENT_TYPES: readonly string[] = [
  ...['image/jpeg', 'image/jpg', 'image/pjpeg', 'image/png', 'image/x-png', 'image/apng'],
  ...['image/webp', 'image/avif', 'image/avif-sequence', 'image/gif', 'image/vnd.mozilla.apng'],
  ...['image/tiff', 'image/tif', 'image/x-tif', 'image/x-tiff', 'image/jfif'],
  ...['image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
];

/** The accepted formats, as error messages name them. */
export const ACCEPTED = 'images are JPEG, PNG, WebP, AVIF, HEIC, GIF or TIFF';
