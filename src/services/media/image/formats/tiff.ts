import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import { type Directory, readDirectory, readTiffHead } from './ifd.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  tileWidth: 322,
  tileHeight: 323,
  photometric: 262,
  sampleFormat: 339,
  dngVersion: 50_706,
};
/** No compression, CCITT, LZW, JPEG, Deflate (two numbers) and PackBits. */
const COMPRESSIONS = [1, 2, 3, 4, 5, 7, 8, 32_946, 32_773];
/** The most entries of all directories together: a decoder reads them all to count the pages. */
const MOST_ENTRIES = 100_000;

/**
 * Reads the chain of directories of a TIFF file (6.0), of which the first is the picture; null for
 * another format.
 */
export async function readTiff(file: BoundedFile, limits: ImageLimits): Promise<Picture | null> {
  const start = await file.read(0, 8);
  if (['49492b00', '4d4d002b'].includes(start.toString('hex', 0, 4))) {
    throw new MediaError('UNSUPPORTED_MEDIA', 'This is a BigTIFF image.');
  }
  const head = readTiffHead(start);
  if (!head) return null;
  const first = await readDirectory(file, head.first, head.endian);
  const size = await checkDirectory(first, limits);
  const frames = await countDirectories(file, head, limits);
  return { format: 'tiff', contentType: 'image/tiff', ...size, frames };
}

async function checkDirectory(directory: Directory, limits: ImageLimits) {
  const readOne = async (tag: number, otherwise: number) =>
    (await directory.readNumbers(tag))[0] ?? otherwise;
  if ((await directory.readNumbers(TAG.dngVersion)).length > 0) {
    throw new MediaError('UNSUPPORTED_MEDIA', 'This is a DNG image: the raw picture of a camera.');
  }
  const [width, height] = [await readOne(TAG.width, 0), await readOne(TAG.height, 0)];
  refuseSize(width, height, limits);
  const compression = await readOne(TAG.compression, 1);
  if (!COMPRESSIONS.includes(compression)) {
    const message = `This is a TIFF image with compression ${compression}.`;
    throw new MediaError('UNSUPPORTED_MEDIA', message);
  }
  const samples = await readOne(TAG.samplesPerPixel, 1);
  await refuseRareSamples(directory, compression);
  const bits = Math.max(1, ...(await directory.readNumbers(TAG.bitsPerSample)));
  const tile = { width: await readOne(TAG.tileWidth, 0), height: await readOne(TAG.tileHeight, 0) };
  const columns = tile.width > 0 ? Math.ceil(width / tile.width) * tile.width : width;
  const rows =
    tile.width > 0 ? tile.height : Math.min(height, await readOne(TAG.rowsPerStrip, height));
  if (samples > 5 || bits > 32 || (columns * rows * samples * bits) / 8 > limits.stripBytes) {
    throw new MediaError(
      'TOO_COMPLEX',
      'This TIFF image has strips or samples that are too large.',
    );
  }
  return { width, height };
}

/** Grey, RGB, palette, mask, and CMYK; YCbCr within JPEG alone. */
const PHOTOMETRICS = [0, 1, 2, 3, 4, 5];
const PHOTOMETRIC_NAMES: Record<number, string | undefined> = {
  ...{ 6: 'YCbCr without JPEG compression', 8: 'CIE L*a*b*', 9: 'ICC L*a*b*', 10: 'ITU L*a*b*' },
  ...{ 32803: 'a colour filter array', 32844: 'LogL', 32845: 'LogLuv' },
};
const JPEG_COMPRESSIONS = [6, 7];

/** Refuses samples that the decoder takes for others, and would show in false colours. */
async function refuseRareSamples(directory: Directory, compression: number): Promise<void> {
  const readOne = async (tag: number) => (await directory.readNumbers(tag))[0];
  const photometric = (await readOne(TAG.photometric)) ?? 1;
  const isKnown =
    PHOTOMETRICS.includes(photometric) ||
    (photometric === 6 && JPEG_COMPRESSIONS.includes(compression));
  if (!isKnown) {
    const name = PHOTOMETRIC_NAMES[photometric] ?? `colours of kind ${photometric}`;
    throw new MediaError('UNSUPPORTED_MEDIA', `This is a TIFF image in ${name}.`);
  }
  const bits = Math.max(1, ...(await directory.readNumbers(TAG.bitsPerSample)));
  const format = (await readOne(TAG.sampleFormat)) ?? 1;
  // 1: unsigned integers. Of 32 bits, only their lowest would be shown.
  if (format !== 1 || bits > 16) {
    const kind = { 1: 'unsigned', 2: 'signed', 3: 'floating-point' }[format] ?? 'complex';
    const message = `This is a TIFF image with ${kind} samples of ${bits} bits.`;
    throw new MediaError('UNSUPPORTED_MEDIA', message);
  }
}

async function countDirectories(
  file: BoundedFile,
  { first, endian }: NonNullable<ReturnType<typeof readTiffHead>>,
  limits: ImageLimits,
): Promise<number> {
  const count = makePartCounter(limits);
  const seen = new Set<number>();
  let entries = 0;
  for (let at = first; at !== 0; ) {
    count();
    if (seen.has(at)) throw corrupt('The pages of this TIFF image form a loop.');
    seen.add(at);
    const directory = await readDirectory(file, at, endian);
    entries += directory.entries;
    if (entries > MOST_ENTRIES)
      throw new MediaError('TOO_COMPLEX', 'This image has too many tags.');
    at = directory.next;
  }
  return seen.size;
}
