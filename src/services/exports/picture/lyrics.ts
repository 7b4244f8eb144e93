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

/** Reads lyrics with times. */
export function readLyrics(format: 'LRC' | 'SRT', text: string): ReadLyrics {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const all = format === 'SRT' ? readSrt(lines) : readLrc(lines);
  const cues = all.filter((cue) => cue.text && cue.to > cue.from);
  if (cues.length === 0) return { fault: `has no line with a time as ${format} has them` };
  if (all.length > MOST_CUES) return { fault: `has more than ${MOST_CUES} lines with a time` };
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
  /^\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[,.](\d{1,3})\s*-->\s*(\d{1,3}):(\d{1,2}):(\d{1,2})[,.](\d{1,3})/;

function readSrt(lines: string[]): Cue[] {
  const cues: Cue[] = [];
  let open: { from: number; to: number; texts: string[] } | null = null;
  const close = () => {
    if (open) cues.push({ from: open.from, to: open.to, text: cleanText(open.texts.join('\n')) });
    open = null;
  };
  for (const line of [...lines, '']) {
    const found = SRT_TIMES.exec(line);
    if (found) {
      close();
      const [from, to] = [found.slice(1, 5), found.slice(5, 9)].map(toSeconds);
      open = { from: from as number, to: to as number, texts: [] };
    } else if (line.trim() === '') close();
    else open?.texts.push(line);
  }
  return cues.sort((a, b) => a.from - b.from);
}

function toSeconds([hours, minutes, seconds, fraction = '0']: string[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`);
}

/** A line may have several times, at each of which it is sung. */
const LRC_LINE = /^((?:\s*\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\])+)(.*)$/;
const LRC_TIME = /\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]/g;
/** Times of single words, which the enhanced form has. */
const WORD_TIME = /<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>/g;

function readLrc(lines: string[]): Cue[] {
  const offset = readOffset(lines);
  const starts = lines.flatMap((line) => {
    const [, times = '', text = ''] = LRC_LINE.exec(line) ?? [];
    return [...times.matchAll(LRC_TIME)].map(([, minutes, seconds, fraction = '0']) => ({
      from: Math.max(0, Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`) - offset),
      text: cleanText(text.replace(WORD_TIME, '')),
    }));
  });
  starts.sort((a, b) => a.from - b.from);
  return starts.map(({ from, text }, n) => {
    // A line without words is a pause: it ends the one before.
    const next = starts[n + 1]?.from ?? from + LAST_SECONDS;
    return { from, to: Math.min(next, from + MOST_SECONDS), text };
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
