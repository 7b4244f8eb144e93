import { MediaError } from '../media-error.ts';
import { type Bytes, type Directory, readDirectory, readTiffHead } from './formats/ifd.ts';

/** The few things an image says of itself that are kept. Never where it was taken, nor of which device by number. */
export interface ImageTags {
  make?: string;
  model?: string;
  lens?: string;
  software?: string;
  /** Local time of the camera, `2026-07-14T18:03:22`, with `+02:00` where it says so. */
  takenAt?: string;
  exposureSeconds?: number;
  fNumber?: number;
  iso?: number;
  focalLengthMm?: number;
  /** What the ICC profile calls itself. */
  colorProfile?: string;
}

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

/** The tags of an EXIF block (or of a TIFF file, which is made the same); none where it is broken. */
export async function readExif(bytes: Bytes): Promise<ImageTags> {
  try {
    const head = readTiffHead(await bytes.read(0, 8));
    if (!head) return {};
    const main = await readDirectory(bytes, head.first, head.endian);
    const [at] = await main.numbers(TAG.exif);
    const exif = at ? await readDirectory(bytes, at, head.endian) : null;
    return present({
      make: plain(await main.text(TAG.make)),
      model: plain(await main.text(TAG.model)),
      software: plain(await main.text(TAG.software)),
      ...(exif ? await shot(exif) : {}),
    });
  } catch (error) {
    // The picture is what matters: of a broken block nothing is told.
    if (error instanceof MediaError) return {};
    throw error;
  }
}

/** An EXIF block in memory, as the decoder hands it over. */
export function exifBytes(block: Buffer): Bytes {
  const body = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  return { read: async (offset, length) => body.subarray(offset, offset + length) };
}

async function shot(exif: Directory): Promise<ImageTags> {
  const one = async (tag: number) => amount((await exif.numbers(tag))[0]);
  return {
    lens: plain(await exif.text(TAG.lens)),
    takenAt: time(await exif.text(TAG.takenAt), await exif.text(TAG.offset)),
    exposureSeconds: await one(TAG.exposureTime),
    fNumber: await one(TAG.fNumber),
    iso: await one(TAG.iso),
    focalLengthMm: await one(TAG.focalLength),
  };
}

function plain(text: string): string | undefined {
  return text.replaceAll(/[\p{C}\ufffd]/gu, '').trim() || undefined;
}

function amount(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value) || value <= 0 || value > 1e7) return undefined;
  return Math.round(value * 1e6) / 1e6;
}

function time(text: string, offset: string): string | undefined {
  const found = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text.trim());
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second] = found;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (Number.isNaN(Date.parse(`${local}Z`))) return undefined; // cameras without a clock write noughts
  return /^[+-]\d\d:\d\d$/.test(offset) ? `${local}${offset}` : local;
}

function present(tags: ImageTags): ImageTags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}
