import { type OriginTags, readOrigin } from '../metadata/origin.ts';
import { readExifTexts } from './exif-texts.ts';
import type { Bytes } from './formats/ifd.ts';
import { readPngTexts } from './png-texts.ts';

/** Reads how an image was made, from its texts, EXIF and XMP. */
export function readImageOrigin(
  path: string,
  { exif, xmp }: { exif: Bytes | null; xmp: Buffer | null },
  signal: AbortSignal,
): Promise<OriginTags> {
  return readOrigin(path, signal, async (file, parts) => ({
    texts: [...(await readPngTexts(file, parts)), ...(exif ? await readExifTexts(exif) : [])],
    xmp,
  }));
}
