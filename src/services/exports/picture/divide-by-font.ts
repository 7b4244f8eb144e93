import { inflateRawSync } from 'node:zlib';
import { FONT_COVERAGE } from './font-coverage.ts';
import { CHINESE, FONTS, type Font, JAPANESE, LATIN } from './fonts.ts';

/** A piece of text that one font has. */
export interface FontRun {
  font: Font;
  text: string;
}

/**
 * Divides a text among the fonts. What belongs to no script, such as a space or an accent, stays with what is
 * before it, if that font has it. Chinese characters are written as in Japan where `isJapanese` says so.
 */
export function divideByFont(text: string, isJapanese: boolean): FontRun[] {
  const runs: FontRun[] = [];
  for (const character of text) {
    const last = runs.at(-1);
    const found = chooseFont(character, isJapanese, last?.font) ?? last?.font ?? LATIN;
    if (last?.font === found) last.text += character;
    else runs.push({ font: found, text: character });
  }
  return runs;
}

/** The most characters that a refusal names. */
const MOST_NAMED = 5;

/** What is wrong with a text of which some characters would come out as boxes; null when nothing is. */
export function refuseMissing(text: string): string | null {
  const missing = [...new Set(text.normalize('NFC'))].filter(
    (character) => !isUnseen(character) && !FONTS.some((font) => hasGlyph(font, character)),
  );
  if (missing.length === 0) return null;
  const named = missing.slice(0, MOST_NAMED).map((character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `${character.toWellFormed()} (U+${code})`;
  });
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : '';
  return `has characters that no font here has: ${named.join(', ')}${more}`;
}

/** Whether a font has all of a text that is seen. */
export function hasAll(font: Font, text: string): boolean {
  return [...text].every((character) => isUnseen(character) || hasGlyph(font, character));
}

/** Spaces, controls, and what only joins or varies what is next to it. */
const UNSEEN = /[\p{Z}\p{Cc}\p{DI}]/u;
const isUnseen = (character: string) => UNSEEN.test(character);

const ASCII = /^[\x21-\x7e]$/;

/** The font of the script; where that lacks the character, the first that has it. */
function chooseFont(character: string, isJapanese: boolean, last?: Font): Font | undefined {
  if (ASCII.test(character)) return LATIN;
  if (isUnseen(character)) return last;
  const found = findByScript(character);
  const ofScript = found === CHINESE && isJapanese ? JAPANESE : found;
  const wanted = [ofScript ?? last ?? LATIN, LATIN, CHINESE, JAPANESE, ...FONTS];
  return wanted.find((font) => hasGlyph(font, character));
}

/** Of characters that were asked for before: long texts have few of them. */
const byScript = new Map<string, Font | undefined>();

function findByScript(character: string): Font | undefined {
  if (byScript.has(character)) return byScript.get(character);
  const found = FONTS.find(({ has }) => has.test(character));
  byScript.set(character, found);
  return found;
}

const coverage = new Map<string, Buffer>();

function hasGlyph({ family }: Font, character: string): boolean {
  const bits = coverage.get(family) ?? openCoverage(family);
  const code = character.codePointAt(0) ?? 0;
  return (((bits[code >> 3] ?? 0) >> (code & 7)) & 1) === 1;
}

function openCoverage(family: string): Buffer {
  const bits = inflateRawSync(Buffer.from(FONT_COVERAGE[family] ?? '', 'base64'));
  coverage.set(family, bits);
  return bits;
}
