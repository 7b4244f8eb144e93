/** What one image may be. */
export interface ImageLimits {
  bytes: number;
  /** Of one frame, width times height. */
  pixels: number;
  /** Of one frame of an AVIF, which its decoder holds whole, several times, with up to 25 bytes a pixel. */
  avifPixels: number;
  /** Pictures that an AVIF may be put together of. */
  tiles: number;
  /** Of either side, in pixels. */
  side: number;
  /** Frames or pages are counted up to here, and more are as many; only the first is shown. */
  frames: number;
  /** Segments, chunks, frames or directories that are walked to understand a file. */
  parts: number;
  /** What a decoder may have to hold of a TIFF at once: a strip, or a row of tiles. */
  stripBytes: number;
  /** The decoder may take this long. */
  seconds: number;
}

export const IMAGE_LIMITS: Readonly<ImageLimits> = {
  bytes: 100_000_000,
  pixels: 40_000_000,
  avifPixels: 16_000_000,
  tiles: 64,
  side: 16_384,
  frames: 200,
  parts: 10_000,
  stripBytes: 200_000_000,
  seconds: 20,
};

/** The content types found in accepted files. */
export type ImageContentType =
  | 'image/jpeg'
  | 'image/png'
  | 'image/webp'
  | 'image/avif'
  | 'image/gif'
  | 'image/tiff';

/** The content types an upload may declare: those, and what browsers and systems call them. */
export const IMAGE_CONTENT_TYPES: readonly string[] = [
  ...['image/jpeg', 'image/jpg', 'image/pjpeg', 'image/png', 'image/x-png', 'image/apng'],
  ...['image/webp', 'image/avif', 'image/gif', 'image/tiff', 'image/x-tiff'],
];

/** How the accepted formats are named to people. */
export const ACCEPTED = 'images are JPEG, PNG, WebP, AVIF, GIF or TIFF';
