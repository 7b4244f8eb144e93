import { removeControls } from '../plain-text.ts';
import type { Cue } from './picture-plan.ts';

/** What was read, or what is wrong with it. */
export type ReadLyrics = { cues: Cue[] } | { fault: string };

export const MOST_CUES = 2000;
const LONGEST_CUE = 300;
/** A line of LRC without another after it stays so long, in seconds. */
const LAST_SECONDS = 5;
/** No line of LRC stays longer, however late the next one comes. */
const MOST_SECONDS = 12;
/** Lines of LRC that begin so near to each other, such as a line and its translation, are seen together. */
const TOGETHER = 0.05;

/** Reads lyrics with times. */
export function readLyrics(format: 'LRC' | 'SRT', text: string): ReadLyrics {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const timed = format === 'SRT' ? readSrt(lines) : readLrc(lines);
  if (timed.length > MOST_CUES) return { fault: `has more than ${MOST_CUES} lines with a time` };
  const all = format === 'SRT' ? timed : joinLines(timed);
  const cues = all.filter((cue) => cue.text && cue.to > cue.from);
  if (cues.length === 0) return { fault: `has no line with a time as ${format} has them` };
  const long = cues.findIndex((cue) => [...cue.text].length > LONGEST_CUE);
  if (long >= 0) return { fault: `has more than ${LONGEST_CUE} characters in line ${long + 1}` };
  return { cues };
}

/** Tells the format of a track's own lyrics; null where they have no times. */
export function detectFormat(text: string): 'LRC' | 'SRT' | null {
  if (/^\s*[\d:,.]+\s*-->/m.test(text)) return 'SRT';
  return /^\s*\[\d+:\d/m.test(text) ? 'LRC' : null;
}

const SRT_TIMES =
  /^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})/;

/** A cue has all lines up to the next times, blank ones within it or none between cues notwithstanding. */
function readSrt(lines: string[]): Cue[] {
  const found = lines.flatMap((line, n) => {
    const times = SRT_TIMES.exec(line);
    return times ? [{ times, n }] : [];
  });
  // A number before times is the index of a cue where the first cue has one; else it is sung.
  const hasIndices = isIndex(findLast(lines.slice(0, found[0]?.n)));
  const cues = found.map(({ times, n }, nth): Cue => {
    const next = found[nth + 1];
    const texts = lines.slice(n + 1, next?.n).filter((line) => line.trim() !== '');
    if (next && hasIndices && isIndex(texts.at(-1))) texts.pop();
    const [from = 0, to = 0] = [times.slice(1, 5), times.slice(5, 9)].map(toSeconds);
    return { from, to, text: cleanText(texts.join('\n')) };
  });
  return cues.sort((a, b) => a.from - b.from);
}

const findLast = (lines: string[]) => lines.findLast((line) => line.trim() !== '');
const isIndex = (line = '') => /^\s*\d{1,6}\s*$/.test(line);

function toSeconds([hours = '0', minutes, seconds, fraction = '0']: string[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`);
}

/** A line may have several times, at each of which it is sung. */
const LRC_LINE = /^((?:\s*\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\])+)(.*)$/;
const LRC_TIME = /\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]/g;
/** Times of single words, which the enhanced form has. */
const WORD_TIME = /<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>/g;

/** Reads each line as often as it has times; when a line ends is said by the next one. */
function readLrc(lines: string[]): Cue[] {
  const offset = readOffset(lines);
  const starts = lines.flatMap((line) => {
    const [, times = '', text = ''] = LRC_LINE.exec(line) ?? [];
    return [...times.matchAll(LRC_TIME)].map(([, minutes, seconds, fraction = '0']) => {
      const time = Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`) - offset;
      const from = Math.max(0, time);
      return { from, to: from + LAST_SECONDS, text: cleanText(text.replace(WORD_TIME, '')) };
    });
  });
  return starts.sort((a, b) => a.from - b.from);
}

/** Joins lines that begin together, and lets each of these stay until the next. */
function joinLines(starts: Cue[]): Cue[] {
  const groups: { from: number; texts: Set<string> }[] = [];
  for (const { from, text } of starts) {
    let last = groups.at(-1);
    if (!last || from - last.from > TOGETHER) {
      last = { from, texts: new Set() };
      groups.push(last);
    }
    if (text) last.texts.add(text);
  }
  return groups.map(({ from, texts }, n) => {
    // A line without words is a pause: it ends the one before.
    const next = groups[n + 1]?.from ?? from + LAST_SECONDS;
    return { from, to: Math.min(next, from + MOST_SECONDS), text: [...texts].join('\n') };
  });
}

/** In seconds: a positive offset shows lines earlier. */
function readOffset(lines: string[]): number {
  for (const line of lines) {
    const found = /^\s*\[offset:\s*([+-]?\d{1,6})\s*\]/i.exec(line);
    if (found) return Number(found[1]) / 1000;
  }
  return 0;
}

/** Without markup and control characters; lines are kept. */
function cleanText(text: string): string {
  return removeControls(text)
    .replace(/<\/?[a-z][^<>]{0,100}>/gi, '')
    .replace(/\{\\[^{}]{0,100}\}/g, '')
    .replace(/\p{Co}/gu, '')
    .normalize('NFC')
    .trim();
}
