import { divideByFont } from './divide-by-font.ts';
import { type Font, LATIN } from './fonts.ts';

/**
 * Breaks a line where libass would not: it wraps at spaces only, which Chinese, Japanese and Thai do without.
 * Widths are shares of the size of the font.
 */
export function breakLine(line: string, most: number): string[] {
  const pieces = line.split(' ');
  const broken = pieces.map((piece) =>
    measureText(piece) > most ? breakPiece(piece, most) : piece,
  );
  return broken.join(' ').split('\n');
}

/** Breaks between words, as evenly as they allow. */
function breakPiece(piece: string, most: number): string {
  const whole = measureText(piece);
  const [EVEN, SLACK] = [whole / Math.ceil(whole / most), 2];
  const limit = Math.min(most, EVEN + SLACK);
  const lines: string[] = [];
  let width = Number.POSITIVE_INFINITY;
  for (const unit of listUnits(piece, limit)) {
    const own = measureText(unit);
    if (width + own > limit) {
      lines.push('');
      width = 0;
    }
    lines[lines.length - 1] += unit;
    width += own;
  }
  return lines.join('\n');
}

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** What no line begins with: closing marks, and the sign of a long vowel. */
const CLOSING = /^[\p{Pe}\p{Pf}\p{Po}ー…～]+$/u;
/** What no line ends with. */
const OPENING = /[\p{Ps}\p{Pi}]$/u;

/** The pieces that are not broken: words, with their punctuation; characters, where a word is too long. */
function listUnits(piece: string, limit: number): string[] {
  const units: string[] = [];
  for (const { segment } of words.segment(piece)) {
    const last = units.at(-1);
    const isBound = last !== undefined && (CLOSING.test(segment) || OPENING.test(last));
    if (isBound && measureText(last + segment) <= limit) units[units.length - 1] = last + segment;
    else if (measureText(segment) <= limit) units.push(segment);
    else units.push(...[...characters.segment(segment)].map((character) => character.segment));
  }
  return units;
}

function measureText(text: string): number {
  let width = 0;
  for (const { font, text: run } of divideByFont(text, false)) {
    for (const character of run) width += measureCharacter(font, character);
  }
  return width;
}

/** Marks over others, joiners and the like. */
const NO_WIDTH = /[\p{M}\p{DI}]/u;
const [WIDE, WIDE_WIDTH, CAPITAL, CAPITAL_WIDTH] = [/[mwMW@%—]/, 0.65, /\p{Lu}/u, 0.52];

function measureCharacter(font: Font, character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  if (font !== LATIN) return font.width;
  if (WIDE.test(character)) return WIDE_WIDTH;
  return CAPITAL.test(character) ? CAPITAL_WIDTH : font.width;
}
