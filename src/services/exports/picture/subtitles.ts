import { removeControls } from '../plain-text.ts';
import { breakLine } from './break-line.ts';
import { divideByFont, hasAll } from './divide-by-font.ts';
import { FONTS, JAPANESE } from './fonts.ts';
import type { PicturePlan } from './picture-plan.ts';

/** What is written over the pictures, as libass reads it, and the files of the fonts that it needs. */
export interface Subtitles {
  ass: string;
  fonts: string[];
}

/** Shares of the picture's shorter side. */
const [TITLE_SIZE, LYRICS_SIZE, OUTLINE, MARGIN] = [0.085, 0.06, 0.004, 0.06];
/** Where libass puts things: by the keys of a number pad. */
const ALIGNMENTS = { TOP: 8, CENTER: 5, BOTTOM: 2 };
/** Titles come and go gently, in ms. */
const FADE = '{\\fad(300,300)}';

/** Writes titles and lyrics; null where there are none. */
export function writeSubtitles({ width, height, titles, cues }: PicturePlan): Subtitles | null {
  if (titles.length === 0 && cues.length === 0) return null;
  const side = Math.min(width, height);
  const used = new Set<string>();
  const isMostlyJapanese = judgeLanguage([...titles, ...cues].map(({ text }) => text));
  const writePiece = (piece: string, isJapanese: boolean) =>
    divideByFont(piece, isJapanese)
      .map(({ font, text }) => {
        used.add(font.file);
        return `{\\fn${font.family}}${escapeText(text)}`;
      })
      .join('');
  const write = (text: string, size: number) => {
    const most = (width - 2 * Math.round(MARGIN * side)) / Math.round(size * side);
    const lines = removeControls(text).normalize('NFC').split('\n');
    const pieces = lines.flatMap((line) => {
      const isJapanese = judgeLine(line, isMostlyJapanese);
      return breakLine(line, most).map((piece) => writePiece(piece, isJapanese));
    });
    return pieces.join('\\N');
  };
  const events = [
    ...titles.map(({ from, to, position, text }) => {
      return writeEvent(
        from,
        to,
        'Title',
        `{\\an${ALIGNMENTS[position]}}${FADE}${write(text, TITLE_SIZE)}`,
      );
    }),
    ...cues.map(({ from, to, text }) => writeEvent(from, to, 'Lyrics', write(text, LYRICS_SIZE))),
  ];
  const ass = [
    ...['[Script Info]', 'ScriptType: v4.00+', `PlayResX: ${width}`, `PlayResY: ${height}`],
    ...['WrapStyle: 0', 'ScaledBorderAndShadow: yes', '', '[V4+ Styles]', STYLE_FORMAT],
    writeStyle('Title', TITLE_SIZE * side, side, 5),
    writeStyle('Lyrics', LYRICS_SIZE * side, side, 2),
    ...['', '[Events]', EVENT_FORMAT, ...events, ''],
  ].join('\n');
  return { ass, fonts: FONTS.map(({ file }) => file).filter((file) => used.has(file)) };
}

const KANA = JAPANESE.has;
const CHINESE_CHARACTER = /\p{Script=Han}/u;

/** Whether most lines with Chinese characters have kana, too. */
function judgeLanguage(texts: string[]): boolean {
  const lines = texts.flatMap((text) => text.split('\n'));
  const eastern = lines.filter((line) => CHINESE_CHARACTER.test(line) || KANA.test(line));
  return 2 * eastern.filter((line) => KANA.test(line)).length > eastern.length;
}

/** A line without kana may be of either language: its characters must be those of Japan, too. */
function judgeLine(line: string, isMostlyJapanese: boolean): boolean {
  if (KANA.test(line)) return true;
  const chinese = [...line].filter((character) => CHINESE_CHARACTER.test(character)).join('');
  return isMostlyJapanese && hasAll(JAPANESE, chinese);
}

const STYLE_FORMAT =
  'Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding';
const EVENT_FORMAT = 'Format: Layer, Start, End, Style, Text';

function writeStyle(name: string, size: number, side: number, alignment: number): string {
  const margin = Math.round(MARGIN * side);
  const outline = (OUTLINE * side).toFixed(1);
  const colors = '&H00FFFFFF,&H00000000,&H80000000';
  // Encoding −1: the base direction of each line follows its first letter.
  return `Style: ${name},Noto Sans,${Math.round(size)},${colors},1,${outline},${outline},${alignment},${margin},${margin},${margin},-1`;
}

function writeEvent(from: number, to: number, style: string, text: string): string {
  return `Dialogue: 0,${formatTime(from)},${formatTime(to)},${style},${text}`;
}

function formatTime(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const pad = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(hundredths / 360_000), Math.floor(hundredths / 6000) % 60];
  return `${hours}:${pad(minutes)}:${pad(Math.floor(hundredths / 100) % 60)}.${pad(hundredths % 100)}`;
}

/** Braces and backslashes are commands of this format, and each line of its file is an event. */
function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\u2060').replaceAll('{', '\\{').replaceAll('}', '\\}');
}
