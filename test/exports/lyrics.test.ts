import { expect, test } from 'vitest';
import { divideByFont } from '../../src/services/exports/picture/divide-by-font.ts';
import { detectFormat, MOST_CUES, readLyrics } from '../../src/services/exports/picture/lyrics.ts';
import type { PicturePlan } from '../../src/services/exports/picture/picture-plan.ts';
import { writeScript } from '../../src/services/exports/picture/script.ts';
import { writeSubtitles } from '../../src/services/exports/picture/subtitles.ts';

const cuesOf = (format: 'LRC' | 'SRT', text: string) => {
  const read = readLyrics(format, text);
  if ('fault' in read) throw new Error(read.fault);
  return read.cues;
};

test('LRC: several times of a line, an offset, times of words, and pauses', () => {
  const text =
    '[ti:Song]\r\n[offset:500]\n[00:02.50][00:10.5]Chorus\n[00:05.00]<00:05.00>One <00:05.50>two\n[00:07.00]\n';
  expect(cuesOf('LRC', text)).toEqual([
    { from: 2, to: 4.5, text: 'Chorus' },
    { from: 4.5, to: 6.5, text: 'One two' },
    { from: 10, to: 15, text: 'Chorus' },
  ]);
});

test('SRT: lines, markup, any order, and a byte order mark', () => {
  const text =
    '\uFEFF2\n00:00:05,000 --> 00:00:07,250\n<i>Second</i>\nline\n\n1\n00:00:01.5 --> 00:00:02,000 X1:0\n{\\an8}First\n';
  expect(cuesOf('SRT', text)).toEqual([
    { from: 1.5, to: 2, text: 'First' },
    { from: 5, to: 7.25, text: 'Second\nline' },
  ]);
});

test('LRC: lines that begin together, such as a line and its translation, are seen together', () => {
  const text =
    '[00:01.00]夜に駆ける\n[00:01.00]Racing into the night\n[00:01.01]Yoru ni kakeru\n' +
    '[00:03.00][00:05.00]la\n[00:03.00]\n[00:03.00]la\n[00:05.00]li\n';
  expect(cuesOf('LRC', text)).toEqual([
    { from: 1, to: 3, text: '夜に駆ける\nRacing into the night\nYoru ni kakeru' },
    { from: 3, to: 5, text: 'la' },
    { from: 5, to: 10, text: 'la\nli' },
  ]);
});

test('SRT: cues without a blank line between them, with one within, without hours or indices', () => {
  const at = (n: number) => `00:00:0${n},000 --> 00:00:0${n + 1},000`;
  const textsOf = (text: string) => cuesOf('SRT', text).map((cue) => cue.text);
  expect(textsOf(`1\n${at(0)}\nOne\n2\n${at(1)}\nTwo\n99\n3\n${at(2)}\n7`)).toEqual([
    ...['One', 'Two\n99', '7'],
  ]);
  expect(textsOf(`1\n${at(0)}\nOne\n\nmore\n\n2\n\n${at(1)}\nTwo`)).toEqual(['One\nmore', 'Two']);
  expect(textsOf(`${at(0)}\n99\n${at(1)}\n98\n\n${at(2)}\n97\n`)).toEqual(['99', '98', '97']);
  expect(textsOf(`1\n${at(0)}\n2\n${at(1)}\nTwo`)).toEqual(['Two']);
  expect(cuesOf('SRT', '1\n00:01,500 --> 01:03.25\nOne')).toEqual([
    { from: 1.5, to: 63.25, text: 'One' },
  ]);
});

test('hostile lyrics are refused by a sentence, and soon', () => {
  const bomb = Array.from({ length: MOST_CUES + 1 }, (_, n) => `[00:${n % 60}.00]x`).join('\n');
  const stacked = `${'[00:01.00]'.repeat(20_000)}x`;
  const long = `[00:01.00]${'😀'.repeat(10_000)}`;
  const begun = performance.now();
  for (const text of [
    bomb,
    stacked,
    long,
    'no times at all',
    '[99999999:00]x',
    '<'.repeat(200_000),
  ]) {
    expect(readLyrics('LRC', text)).toEqual({ fault: expect.any(String) });
  }
  const arrows = '00:00:01,000 --> '.repeat(10_000);
  expect(readLyrics('SRT', arrows)).toEqual({ fault: expect.any(String) });
  expect(performance.now() - begun).toBeLessThan(2000);
  expect([
    detectFormat('plain'),
    detectFormat('[00:01]x'),
    detectFormat('00:01 --> 00:02'),
  ]).toEqual([null, 'LRC', 'SRT']);
});

test('each script is written in a font that has it; Chinese characters follow the language', () => {
  const families = (text: string, isJapanese = false) =>
    divideByFont(text, isJapanese).map(({ font, text }) => [font.family, text]);
  expect(families('Ada, Åse')).toEqual([['Noto Sans', 'Ada, Åse']]);
  expect(families('夜 night')).toEqual([
    ['Noto Sans S Chinese Regular', '夜 '],
    ['Noto Sans', 'night'],
  ]);
  expect(families('夜に', true)).toEqual([['Noto Sans Japanese Regular', '夜に']]);
  expect(families('한국어 ไทย')).toEqual([
    ['Noto Sans Korean Regular', '한국어 '],
    ['Noto Sans Thai', 'ไทย'],
  ]);
  expect(families('שלום مرحبا 😀')).toEqual([
    ['Noto Sans Hebrew', 'שלום '],
    ['Noto Naskh Arabic', 'مرحبا '],
    ['Noto Emoji', '😀'],
  ]);
});

const plan: PicturePlan = {
  ...{ width: 640, height: 360, fps: 25, titles: [], cues: [], isPreview: false },
  show: { type: 'SLIDESHOW', images: [], isMoving: true, crossfade: 1, bpm: null },
};

test('what a text says is written, and not obeyed', () => {
  const text = '{\\pos(0,0)}\\N\nDialogue: 0,x';
  const written = writeSubtitles({ ...plan, cues: [{ from: 0, to: 3661.257, text }] });
  const [event, ...others] = (written?.ass ?? '')
    .split('\n')
    .filter((line) => /^Dialogue/.test(line));
  expect(others).toEqual([]);
  expect(event).toContain('0:00:00.00,1:01:01.26');
  const obeyed = event?.replaceAll('{\\fnNoto Sans}', '');
  expect(obeyed).toContain('\\{\\\u2060pos(0,0)\\}\\\u2060N\\NDialogue: 0,x');
});

test('no character of a text begins a line of the subtitles, or ends them', () => {
  const texts = ['\r', '\n', '\r\n', '\0', '\u0085', '\u2028', '\u2029', '\v', '\f'].map(
    (end) => `Words${end}[Events]${end}Dialogue: 0,0:00:00.00,0:00:10.00,Lyrics,injected`,
  );
  const at = { from: 0, to: 4 };
  const titles = texts.map((text) => ({ ...at, text, position: 'TOP' as const }));
  const cues = texts.map((text) => ({ ...at, text }));
  const plain = {
    titles: titles.map((t) => ({ ...t, text: 'x' })),
    cues: cues.map((c) => ({ ...c, text: 'x' })),
  };
  const linesOf = (more: Partial<PicturePlan>) =>
    (writeSubtitles({ ...plan, ...more })?.ass ?? '').split(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  const [written, expected] = [linesOf({ titles, cues }), linesOf(plain)];
  expect(written.length).toBe(expected.length);
  expect(written.filter((line) => line.startsWith('Dialogue:')).length).toBe(2 * texts.length);
});

const slideshow = (lengths: (number | null)[], more = {}): PicturePlan => ({
  ...plan,
  show: {
    ...{ type: 'SLIDESHOW', isMoving: true, crossfade: 1, bpm: null, ...more },
    images: lengths.map((seconds) => ({ seconds, orientation: 1, source: {} as never })),
  },
});

test('images share the time that is left, in order, and fade within it', () => {
  const { slides, crossfade, segments } = writeScript(slideshow([null, 2, null]), 250, 0);
  expect(slides.map(({ image, from }) => [image, from])).toEqual([
    [0, 0],
    [1, 100],
    [2, 150],
  ]);
  expect(slides.at(-1)?.to).toBe(250);
  expect(crossfade).toBe(25);
  expect(segments).toEqual([{ from: 0, to: 250 }]);
});

test('images with lengths begin again until the end', () => {
  const { slides } = writeScript(slideshow([1, 2]), 250, 0);
  expect(slides.map(({ image, from }) => [image, from / 25])).toEqual([
    [0, 0],
    [1, 1],
    [0, 3],
    [1, 4],
    [0, 6],
    [1, 7],
    [0, 9],
  ]);
});

test('cut to the beat, images change on beats', () => {
  const { slides } = writeScript(slideshow([null, null, null, null], { bpm: 120 }), 253, 0.24);
  for (const { from } of slides.slice(1)) {
    const beats = (from / 25 - 0.24) / 0.5;
    expect(Math.abs(beats - Math.round(beats)) * 0.5).toBeLessThanOrEqual(0.02);
  }
});

test('segments cover every frame once, and none is cut in a crossfade', () => {
  const { slides, crossfade, segments } = writeScript(slideshow(Array(40).fill(null)), 25 * 600, 0);
  expect(segments.length).toBeGreaterThan(4);
  expect(segments[0]?.from).toBe(0);
  expect(segments.at(-1)?.to).toBe(25 * 600);
  for (const [n, { from }] of segments.entries()) {
    if (n > 0) expect(segments[n - 1]?.to).toBe(from);
    const isFading = slides.slice(1).some((s) => from > s.from && from < s.from + crossfade);
    expect(isFading).toBe(false);
  }
});
