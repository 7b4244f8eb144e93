import type { Metadata } from 'sharp';

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^sRGB|^c2$|IEC ?61966-2/i, 'srgb'],
  [/Display P3|^sP3C|P3 D65/i, 'display-p3'],
  [/Adobe ?RGB/i, 'adobe-rgb'],
  [/ProPhoto|ROMM/i, 'prophoto-rgb'],
  [/2020/, 'rec2020'],
];

/**
 * The colour space of a file: for RGB by its ICC profile (`rgb` for an unknown one), sRGB without a
 * profile.
 */
export function findColorSpace({ space, icc }: Metadata): string {
  if (space === 'b-w' || space === 'grey16') return 'gray';
  if (space !== 'srgb' && space !== 'rgb' && space !== 'rgb16') return space;
  if (!icc) return 'srgb';
  const name = readProfileName(icc);
  return NAMES.find(([pattern]) => name && pattern.test(name))?.[1] ?? 'rgb';
}

const MOST_TAGS = 100;
const MOST_CHARACTERS = 64;

/**
 * Reads the name of an ICC profile (ICC.1 §7.3, §9.2.41), at most 64 characters; null when
 * unreadable.
 */
export function readProfileName(icc: Buffer): string | null {
  if (icc.length < 132) return null;
  const tags = Math.min(MOST_TAGS, icc.readUInt32BE(128));
  for (let at = 132; at < 132 + tags * 12 && at + 12 <= icc.length; at += 12) {
    if (icc.toString('latin1', at, at + 4) !== 'desc') continue;
    const start = icc.readUInt32BE(at + 4);
    const text = readText(icc.subarray(start, start + icc.readUInt32BE(at + 8)));
    return text?.split('\0')[0]?.trim().slice(0, MOST_CHARACTERS) || null;
  }
  return null;
}

/**
 * Version 2 profiles have ASCII; version 4 a table of translations in UTF-16, of which the first is
 * used.
 */
function readText(tag: Buffer): string | null {
  const type = tag.toString('latin1', 0, 4);
  if (type === 'desc' && tag.length > 12) return tag.toString('latin1', 12, 12 + MOST_CHARACTERS);
  if (type !== 'mluc' || tag.length < 28) return null;
  const [length, start] = [tag.readUInt32BE(20), tag.readUInt32BE(24)];
  const text = Buffer.from(tag.subarray(start, start + Math.min(length, 2 * MOST_CHARACTERS)));
  return text.length % 2 === 0 ? text.swap16().toString('utf16le') : null;
}
