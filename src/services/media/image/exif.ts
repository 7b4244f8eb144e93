import { MediaError } from '../media-error.ts';
import { type Bytes, type Directory, readDirectory, readTiffHead } from './formats/ifd.ts';

/** The EXIF tags that are stored. Never the location, nor serial numbers of devices. */
export interface ImageTags {
  make?: string;
  model?: string;
  lens?: string;
  software?: string;
  /**
   * Local time of the camera, `2026-07-14T18:03:22`, followed by `+02:00` if the offset is known.
   */
  takenAt?: string;
  exposureSeconds?: number;
  fNumber?: number;
  iso?: number;
  focalLengthMm?: number;
  /** The name of the ICC profile. */
  colorProfile?: string;
}

/** Fields of a camera in which generators store texts of their own: they are none of a camera. */
const NOT_OF_CAMERAS = /^[\w ]{1,40}\s*:\s*[{[]/;

const TAG = {
  make: 0x010f,
  model: 0x0110,
  software: 0x0131,
  exif: 0x8769,
  exposureTime: 0x829a,
  fNumber: 0x829d,
  iso: 0x8827,
  takenAt: 0x9003,
  offset: 0x9011,
  focalLength: 0x920a,
  lens: 0xa434,
};

/**
 * Reads the tags of an EXIF block, or of a TIFF file, which has the same structure; none if it is
 * broken.
 */
export async function readExif(bytes: Bytes): Promise<ImageTags> {
  try {
    const head = readTiffHead(await bytes.read(0, 8));
    if (!head) return {};
    const main = await readDirectory(bytes, head.first, head.endian);
    const [at] = await main.readNumbers(TAG.exif);
    const exif = at ? await readDirectory(bytes, at, head.endian) : null;
    return omitUndefined({
      make: cleanText(await main.readText(TAG.make)),
      model: cleanText(await main.readText(TAG.model)),
      software: cleanText(await main.readText(TAG.software)),
      ...(exif ? await readExposure(exif) : {}),
    });
  } catch (error) {
    // A broken EXIF block does not fail the image: it just has no tags.
    if (error instanceof MediaError) return {};
    throw error;
  }
}

/** Opens an EXIF block in memory, as the decoder returns it. */
export function openExifBlock(block: Buffer): Bytes {
  const body = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  return { read: async (offset, length) => body.subarray(offset, offset + length) };
}

async function readExposure(exif: Directory): Promise<ImageTags> {
  const readOne = async (tag: number) => cleanNumber((await exif.readNumbers(tag))[0]);
  return {
    lens: cleanText(await exif.readText(TAG.lens)),
    takenAt: parseTime(await exif.readText(TAG.takenAt), await exif.readText(TAG.offset)),
    exposureSeconds: await readOne(TAG.exposureTime),
    fNumber: await readOne(TAG.fNumber),
    iso: await readOne(TAG.iso),
    focalLengthMm: await readOne(TAG.focalLength),
  };
}

function cleanText(text: string): string | undefined {
  if (NOT_OF_CAMERAS.test(text)) return undefined;
  return text.replaceAll(/[\p{C}\ufffd]/gu, '').trim() || undefined;
}

function cleanNumber(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value) || value <= 0 || value > 1e7) return undefined;
  return Math.round(value * 1e6) / 1e6;
}

function parseTime(text: string, offset: string): string | undefined {
  const found = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text.trim());
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second] = found;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (Number.isNaN(Date.parse(`${local}Z`))) return undefined; // no clock: zeros
  return /^[+-]\d\d:\d\d$/.test(offset) ? `${local}${offset}` : local;
}

function omitUndefined(tags: ImageTags): ImageTags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}
