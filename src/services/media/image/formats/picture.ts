import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageContentType, ImageLimits } from '../limits.ts';

/** What the headers of a file say, before any decoder has seen it. */
export interface Picture {
  format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff';
  contentType: ImageContentType;
  /** As it is stored, before any orientation. */
  width: number;
  height: number;
  /** Of an animation, or pages of a document; null where only the decoder can tell. */
  frames: number | null;
}

/** Refuses what a decoder would need too much memory for. @throws MediaError */
export function refuseSize(width: number, height: number, limits: ImageLimits): void {
  if (width === 0 || height === 0) throw corrupt('This image has no width or no height.');
  if (width > limits.side || height > limits.side) {
    const most = `at most ${limits.side} a side are accepted`;
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

/** Counts the parts of a file. @throws MediaError TOO_COMPLEX where there are too many */
export function partCounter(limits: ImageLimits): () => void {
  let parts = 0;
  return () => {
    parts += 1;
    if (parts > limits.parts) {
      throw new MediaError('TOO_COMPLEX', 'This image is made of too many parts.');
    }
  };
}
