import type { IAudioMetadata } from 'music-metadata';
import {
  decodeText,
  detectEncoding,
  repairMisreadUtf8,
  type TextEncoding,
} from '../text-encoding.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';

/** Texts whose declared encoding, Latin-1, often is not the true one. */
export interface LegacyTexts {
  encoding: TextEncoding;
  /** Their bytes, by the names of their tags. */
  legacy: Record<string, Buffer>;
}

/** The kinds of tags that the library reads as Latin-1: those of WAV, and ID3v1. */
const LATIN1_TAGS = ['exif', 'ID3v1'];
const MOST_KEPT = 20;
const MOST_KEPT_BYTES = 255;

/**
 * Detects the encoding of the tags that the library reads as Latin-1, of which each character is a
 * byte. null if there are none beyond ASCII.
 */
export async function decodeLatin1Tags(
  native: IAudioMetadata['native'],
): Promise<(LegacyTexts & { decode(text: string): string }) | null> {
  const legacy: Record<string, Buffer> = {};
  const texts = new Map<string, Buffer>();
  for (const { id, value } of LATIN1_TAGS.flatMap((type) => native[type] ?? [])) {
    if (typeof value !== 'string' || !/[\x80-\xff]/.test(value)) continue;
    if (/[\u0100-\uffff]/.test(value)) continue;
    const bytes = Buffer.from(value, 'latin1');
    legacy[id] ??= bytes;
    texts.set(value, bytes);
  }
  if (texts.size === 0) return null;
  const encoding = await detectEncoding([...texts.values()]);
  const decode = (text: string) => {
    const bytes = texts.get(text);
    return bytes ? decodeText(bytes, encoding.name) : repairMisreadUtf8(text);
  };
  return { encoding, legacy, decode };
}

/** Keeps the bytes of texts in an encoding that could not be told, so that nothing is lost. */
export function keepBytes(found: readonly LegacyTexts[]): { undecoded?: Record<string, string> } {
  const kept = found.flatMap(({ encoding, legacy }) =>
    encoding.isUnknown ? Object.entries(legacy) : [],
  );
  if (kept.length === 0) return {};
  return {
    undecoded: Object.fromEntries(
      kept
        .slice(0, MOST_KEPT)
        .map(([name, bytes]) => [
          name.replaceAll(/\W/g, '_'),
          bytes.subarray(0, MOST_KEPT_BYTES).toString('base64'),
        ]),
    ),
  };
}

export function warnOfEncodings(found: readonly LegacyTexts[]): MediaWarning[] {
  return found.flatMap(({ encoding: { name, isUnknown } }) => {
    if (isUnknown) {
      const kept = 'metadata.undecoded has their bytes';
      return [
        buildWarning(
          'TEXT_ENCODING_UNKNOWN',
          `The encoding of the tags could not be told; ${kept}.`,
        ),
      ];
    }
    // Latin-1 is what these tags declare, and Windows-1252 contains it.
    if (name === 'windows-1252') return [];
    return [
      buildWarning('TEXT_ENCODING_GUESSED', `The tags were read as ${name}, by their bytes.`),
    ];
  });
}
