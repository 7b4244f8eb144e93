import { type BoundedFile, openBounded } from '../bounded-file.ts';
import { MediaError } from '../media-error.ts';
import { type GenerationTags, pickGeneration } from '../metadata/generation.ts';
import { listParts, type Part } from '../metadata/parts.ts';
import { openExifBlock } from './exif.ts';
import { readExifTexts } from './exif-texts.ts';
import { readPngTexts } from './png-texts.ts';

/** EXIF in PNG and WebP, and the segments of JPEG that it is in. */
const EXIF_PARTS = ['eXIf', 'EXIF', 'APP1'];
const MOST_EXIF = 8;

/**
 * Reads from a PNG, JPEG or WebP what a generator wrote into it, with texts of at most so many bytes: more than is
 * kept with a medium. Of a broken one nothing.
 */
export async function readGeneration(
  path: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<GenerationTags> {
  const file = await openBounded(path, signal);
  try {
    const parts = await listParts(file);
    const texts = [
      ...(await readPngTexts(file, parts, mostBytes)),
      ...(await readExifParts(file, parts, mostBytes)),
    ];
    return pickGeneration(texts, { each: mostBytes, all: 2 * mostBytes });
  } catch (error) {
    if (error instanceof MediaError) return {};
    throw error;
  } finally {
    await file.close();
  }
}

async function readExifParts(file: BoundedFile, parts: readonly Part[], mostBytes: number) {
  const texts: [key: string, text: string][] = [];
  // A segment of JPEG may be XMP as well.
  const some = parts.filter(({ name }) => EXIF_PARTS.includes(name)).slice(0, MOST_EXIF);
  for (const { start, length } of some) {
    // Prompt and workflow, each as long as a text may be.
    if (length > 3 * mostBytes) continue;
    texts.push(...(await readExifTexts(openExifBlock(await file.read(start, length)), mostBytes)));
  }
  return texts;
}
