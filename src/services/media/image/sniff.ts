import type { BoundedFile } from '../bounded-file.ts';
import { buildRefusal, type ExpectedFormats } from '../foreign-format.ts';
import { corrupt, MediaError } from '../media-error.ts';
import { readAvif } from './formats/avif.ts';
import { openBuffered } from './formats/buffered-file.ts';
import { readGif } from './formats/gif.ts';
import { readHeic } from './formats/heic.ts';
import { readJpeg } from './formats/jpeg.ts';
import type { Picture } from './formats/picture.ts';
import { readPng } from './formats/png.ts';
import { readTiff } from './formats/tiff.ts';
import { readWebp } from './formats/webp.ts';
import { ACCEPTED, type ImageLimits } from './limits.ts';

/**
 * Detects the format from the bytes and checks its limits, before a decoder opens the file. The
 * file name and the declared content type are ignored.
 * @throws MediaError
 */
export async function sniffImage(file: BoundedFile, limits: ImageLimits): Promise<Picture> {
  if (file.size > limits.bytes) {
    const most = `${Math.floor(limits.bytes / 1e6)} MB`;
    throw new MediaError('TOO_LARGE', `This file is larger than ${most}.`);
  }
  if (file.size === 0) throw corrupt('This file is empty.');
  const buffered = openBuffered(file);
  const picture =
    (await readJpeg(buffered, limits)) ??
    (await readPng(buffered, limits)) ??
    (await readWebp(buffered, limits)) ??
    (await readGif(buffered, limits)) ??
    (await readAvif(buffered, limits)) ??
    (await readHeic(buffered, limits)) ??
    (await readTiffUnlessForeign(file, limits));
  if (picture) return picture;
  throw await buildRefusal(file, EXPECTED);
}

const EXPECTED: ExpectedFormats = {
  accepted: ACCEPTED,
  contentTypes: [
    ...['image/jpeg', 'image/png', 'image/apng', 'image/webp', 'image/avif', 'image/gif'],
    ...['image/tiff', 'image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
  ],
  noun: 'a picture',
};

/**
 * Reads TIFF, unless it is a raw format of a camera: many are TIFF files that begin with a small
 * preview.
 */
async function readTiffUnlessForeign(file: BoundedFile, limits: ImageLimits) {
  const refusal = await buildRefusal(file, EXPECTED);
  if (refusal.code === 'UNSUPPORTED_MEDIA') throw refusal;
  return readTiff(file, limits);
}
