import { readHeicImage } from '../heic/image.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import type { Picture } from './picture.ts';

/** HEVC in HEIF, single and as a sequence; and HEIF of any codec, where that is the major brand. */
const BRANDS = /^(?:mif1|msf1)|^(?:....)*?(?:hei[cxms]|hev[cxms])/s;

/**
 * Reads the index of a HEIC file, pictures of HEVC in HEIF (ISO/IEC 23008-12); null for another
 * format. AVIF, the same container with another codec, is recognised before.
 */
export async function readHeic(file: BufferedFile, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.read(0, 16);
  if (head.length < 16 || head.toString('latin1', 4, 8) !== 'ftyp') return null;
  const length = Math.max(4, Math.min(256, head.readUInt32BE(0) - 8));
  // Four bytes each: the major brand, a version, the compatible brands.
  if (!BRANDS.test((await file.read(8, length)).toString('latin1'))) return null;
  const heic = await readHeicImage(file, limits);
  const contentType = heic.isSequence ? 'image/heic-sequence' : 'image/heic';
  const { width, height } = heic.crop;
  return { format: 'heic', contentType, width, height, frames: heic.frames, heic };
}
