import type { BoundedFile } from '../bounded-file.ts';
import { refusalOf, type Wanted } from '../foreign-format.ts';
import { corrupt, MediaError } from '../media-error.ts';
import { readAvif } from './formats/avif.ts';
import { readGif } from './formats/gif.ts';
import { readJpeg } from './formats/jpeg.ts';
import type { Picture } from './formats/picture.ts';
import { readPng } from './formats/png.ts';
import { readTiff } from './formats/tiff.ts';
import { readWebp } from './formats/webp.ts';
import { windowOn } from './formats/window.ts';
import { ACCEPTED, type ImageLimits } from './limits.ts';

/**
 * What the file is, by its bytes, and whether it may be decoded at all. Neither its name nor its declared
 * type is asked; what fails here is never seen by a decoder.
 * @throws MediaError
 */
export async function sniffImage(file: BoundedFile, limits: ImageLimits): Promise<Picture> {
  if (file.size > limits.bytes) {
    const most = `${Math.floor(limits.bytes / 1e6)} MB`;
    throw new MediaError('TOO_LARGE', `This file is larger than ${most}.`);
  }
  if (file.size === 0) throw corrupt('This file is empty.');
  const window = windowOn(file);
  const picture =
    (await readJpeg(window, limits)) ??
    (await readPng(window, limits)) ??
    (await readWebp(window, limits)) ??
    (await readGif(window, limits)) ??
    (await readAvif(window, limits)) ??
    (await readTiffUnlessForeign(file, limits));
  if (picture) return picture;
  throw await refusalOf(file, WANTED);
}

const WANTED: Wanted = {
  accepted: ACCEPTED,
  own: [
    ...['image/jpeg', 'image/png', 'image/apng', 'image/webp', 'image/avif', 'image/gif'],
    'image/tiff',
  ],
  noun: 'a picture',
};

/** Cameras write their raw pictures as TIFF, with a small ordinary one in front. */
async function readTiffUnlessForeign(file: BoundedFile, limits: ImageLimits) {
  const refusal = await refusalOf(file, WANTED);
  if (refusal.code === 'UNSUPPORTED_MEDIA') throw refusal;
  return readTiff(file, limits);
}
