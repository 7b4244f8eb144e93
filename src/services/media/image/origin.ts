import { openBounded } from '../bounded-file.ts';
import { MediaError } from '../media-error.ts';
import { hasContentCredentials } from '../metadata/content-credentials.ts';
import { type GenerationTags, pickGeneration } from '../metadata/generation.ts';
import { listParts } from '../metadata/parts.ts';
import { readXmp } from '../metadata/xmp.ts';
import { readExifTexts } from './exif-texts.ts';
import type { Bytes } from './formats/ifd.ts';
import { readPngTexts } from './png-texts.ts';

/** What an image says of how it was made. */
export interface OriginTags extends GenerationTags {
  /** The term of IPTC's list: `trainedAlgorithmicMedia`, `digitalCapture`… */
  digitalSourceType?: string;
  /** Whether the file has a manifest of content credentials (C2PA) in it. */
  c2pa?: true;
}

/** Reads how an image was made, from the texts and packets in it. What is broken is left out. */
export async function readOrigin(
  path: string,
  { exif, xmp }: { exif: Bytes | null; xmp: Buffer | null },
  signal: AbortSignal,
): Promise<OriginTags> {
  const file = await openBounded(path, signal);
  try {
    const parts = await listParts(file);
    const facts = xmp ? readXmp(xmp) : {};
    const texts = [
      ...(await readPngTexts(file, parts)),
      ...(exif ? await readExifTexts(exif) : []),
      ...(facts.userComment ? [['UserComment', facts.userComment] as const] : []),
    ];
    const hasManifest = await hasContentCredentials(file, parts);
    return {
      ...pickGeneration(texts),
      ...(facts.digitalSourceType && { digitalSourceType: facts.digitalSourceType }),
      ...(hasManifest && { c2pa: true }),
    };
  } catch (error) {
    // More than may be read: an image is not refused for what is written beside its pixels.
    if (error instanceof MediaError) return {};
    throw error;
  } finally {
    await file.close();
  }
}
