import { corrupt, MediaError } from '../../media-error.ts';
import type { CodedColor } from '../coded-color.ts';
import type { HeicImage } from '../heic/image.ts';
import type { ImageContentType, ImageLimits } from '../limits.ts';

/** What the headers of a file declare, read before any decoder opens it. */
export interface Picture {
  format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff' | 'heic';
  contentType: ImageContentType;
  /** In pixels, as stored: before the orientation is applied. */
  width: number;
  height: number;
  /** The colour that it declares without an ICC profile; null or absent for that of sRGB. */
  color?: CodedColor | null;
  /** An animated AVIF without a still picture, which another decoder reads. */
  isSequence?: boolean;
  /** Frames of an animation, or pages; null when only the decoder can tell. */
  frames: number | null;
  /** Of HEIC, which is decoded by another decoder. */
  heic?: HeicImage;
}

/** Refuses a picture that would take the decoder too much memory. @throws MediaError */
export function refuseSize(width: number, height: number, limits: ImageLimits): void {
  if (width === 0 || height === 0) throw corrupt('This image has no width or no height.');
  if (width > limits.side || height > limits.side) {
    const most = `at most ${limits.side} per side are accepted`;
    throw new MediaError('TOO_LARGE', `This image has ${width} × ${height} pixels; ${most}.`);
  }
  if (width * height > limits.pixels) {
    const most = `at most ${limits.pixels / 1e6} million are accepted`;
    throw new MediaError(
      'TOO_LARGE',
      `This image has ${Math.ceil((width * height) / 1e6)} million pixels; ${most}.`,
    );
  }
}

/**
 * Makes a counter of the parts of a file, which throws MediaError TOO_COMPLEX when there are too
 * many.
 */
export function makePartCounter(limits: ImageLimits): () => void {
  let parts = 0;
  return () => {
    parts += 1;
    if (parts > limits.parts) {
      throw new MediaError('TOO_COMPLEX', 'This image is made of too many parts.');
    }
  };
}
