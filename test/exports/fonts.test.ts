import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodeCoverage, readCharacters } from '../../scripts/fonts/read-characters.ts';
import { breakLine } from '../../src/services/exports/picture/break-line.ts';
import { divideByFont, refuseMissing } from '../../src/services/exports/picture/divide-by-font.ts';
import { FONT_COVERAGE } from '../../src/services/exports/picture/font-coverage.ts';
import { FONTS } from '../../src/services/exports/picture/fonts.ts';
import type { PicturePlan } from '../../src/services/exports/picture/picture-plan.ts';
import { writeSubtitles } from '../../src/services/exports/picture/subtitles.ts';

const charactersOf = (file: string) =>
  readCharacters(fileURLToPath(new URL(`../../node_modules/${file}`, import.meta.url)));

test('the table of characters says what the fonts have; `npm run fonts` writes it', () => {
  expect(Object.keys(FONT_COVERAGE)).toEqual(FONTS.map(({ family }) => family));
  for (const { family, file } of FONTS) {
    // Inflated, because other versions of zlib deflate otherwise.
    const found = inflate(FONT_COVERAGE[family] ?? '');
    expect(found.equals(inflate(encodeCoverage(charactersOf(file)))), family).toBe(true);
  }
});

const inflate = (base64: string) => inflateRawSync(Buffer.from(base64, 'base64'));

const plan: PicturePlan = {
  ...{ width: 640, height: 360, fps: 25, titles: [], cues: [], isPreview: false },
  show: { type: 'SLIDESHOW', images: [], isMoving: true, crossfade: 1, bpm: null },
};

/** The families and pieces that lines of lyrics are written in. */
function written(texts: string[], size = {}): [string, string][][] {
  const cues = texts.map((text, n) => ({ from: n, to: n + 1, text }));
  const { ass = '' } = writeSubtitles({ ...plan, ...size, cues }) ?? {};
  const events = ass.split('\n').filter((line) => line.startsWith('Dialogue:'));
  return events.map((line) =>
    [...line.matchAll(/\{\\fn([^}]+)\}([^{]*)/g)].map(([, family = '', text = '']) => [
      family,
      text,
    ]),
  );
}

test('every character is written in a font that has it, whatever language is beside it', () => {
  const texts = [
    '夜に駆ける ♪ “la” … 1️⃣ 👩‍👩‍👧 🇯🇵',
    '我们的歌声飞过高山 ♫ 龙龘',
    '한국어 漢字 ★ № é e\u0301',
    'ไทย… ♪ «مرحبا» 𠮷 ＡＢＣ ｶﾅ',
  ];
  const fonts = new Map(FONTS.map(({ family, file }) => [family, charactersOf(file)]));
  const boxes: string[] = [];
  for (const [family, text] of written([...texts, texts.join('\n')]).flat()) {
    for (const character of text.replaceAll('\\N', '')) {
      if (/[\p{Z}\p{DI}]/u.test(character)) continue;
      if (!fonts.get(family)?.has(character.codePointAt(0) ?? 0))
        boxes.push(`${character} ${family}`);
    }
  }
  expect(boxes).toEqual([]);
});

test('each line is written as in Japan or as in China, whatever stands in others', () => {
  const [japanese, chinese] = ['Noto Sans Japanese Regular', 'Noto Sans S Chinese Regular'];
  const familiesOf = (texts: string[]) =>
    written(texts).map((runs) => runs.map(([family]) => family));
  expect(familiesOf(['夜に駆ける', '沈むように', 'ように', '永遠', '我们'])).toEqual([
    ...[[japanese], [japanese], [japanese], [japanese], [chinese]],
  ]);
  expect(familiesOf(['我们的歌声', '飞过高山', '永遠', 'の'])).toEqual([
    ...[[chinese], [chinese], [chinese], [japanese]],
  ]);
  expect(familiesOf(['夜に駆ける\n奔向夜晚'])).toEqual([[japanese, chinese]]);
});

test('lines without spaces are broken between words, so that none is wider than the picture', () => {
  const lines = [
    '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ',
    '我们的歌声飞过高山飞过大海飞到远方的城市里去寻找你',
    'ขอให้เหมือนเดิมตลอดไปไม่ว่าจะเป็นอย่างไรฉันก็ยังรักเธอ',
    '🎵'.repeat(60),
    `a ${'W'.repeat(40)} b`,
  ];
  for (const line of lines) {
    const pieces = breakLine(line, 14);
    expect(pieces.length, line).toBeGreaterThan(1);
    expect(pieces.join(''), 'nothing is lost').toBe(line);
    for (const piece of pieces) {
      expect(piece, 'no line begins with a closing mark').not.toMatch(/^[。、」！？)]/);
      expect([...piece].length).toBeLessThan(40);
    }
    expect(breakLine(line, 1000)).toEqual([line]);
  }
  const thai = breakLine(lines[2] as string, 14);
  const starts = new Set(
    [...new Intl.Segmenter('th', { granularity: 'word' }).segment(lines[2] as string)].map(
      ({ index }) => index,
    ),
  );
  expect(starts.has((thai[0] as string).length)).toBe(true);
  expect(breakLine('This is an English line which is wrapped by libass', 14)).toHaveLength(1);
  expect(breakLine('👩‍👩‍👧'.repeat(9), 5).join('|')).toMatch(/^(👩‍👩‍👧)+(\|(👩‍👩‍👧)+)+$/u);
});

test('characters that no font has are named', () => {
  expect(refuseMissing('བོད་')).toMatch(/^has characters that no font here has: བ \(U\+0F56\)/);
  expect(refuseMissing('ᏣᎳᎩ\ue000')).toMatch(/U\+13E3.*U\+13B3.*U\+13A9.*U\+E000/);
  expect(
    refuseMissing(String.fromCodePoint(...Array.from({ length: 30 }, (_, n) => 0x13a0 + n))),
  ).toMatch(/and 25 more$/);
  for (const text of ['Ada\u00a0♪ 👩‍👩‍👧\ufe0f\u200d', '各\u3000位\n', 'e\u0301', '']) {
    expect(refuseMissing(text), text).toBeNull();
  }
  expect(divideByFont('བ', false)).toHaveLength(1);
});
