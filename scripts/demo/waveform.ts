import { styleText } from 'node:util';
import { clock } from './units.ts';

/** audiowaveform's JSON, version 2: `data` is lowest and highest, channel by channel, point by point. */
export interface Waveform {
  version: number;
  channels: number;
  sample_rate: number;
  samples_per_pixel: number;
  bits: number;
  length: number;
  data: number[];
}

/** Rows of characters above the axis, in steps of an eighth. */
const ABOVE = 5;
/** Rows of its reflection, in steps of a half. */
const BELOW = 2;
const RISING = ' ▁▂▃▄▅▆▇█';
const FALLING = ' ▀█';
/** From the top: what is loud is warm. */
const COLOURS = ['magenta', 'magenta', 'blue', 'cyan', 'cyan'] as const;
const MARKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/**
 * Draws a waveform over its reflection and a time line. A column is a stretch of time, as high as its
 * peaks are on average; the loudest reaches the top.
 */
export function drawWaveform(waveform: Waveform, columns: number): string[] {
  const heights = heightsOf(waveform, columns);
  const above = Array.from({ length: ABOVE }, (_, row) =>
    styleText(COLOURS[row] ?? 'cyan', drawn(heights, ABOVE, ABOVE - 1 - row, RISING)),
  );
  const below = Array.from({ length: BELOW }, (_, row) =>
    styleText(['blue', 'dim'], drawn(heights, BELOW, row, FALLING)),
  );
  const seconds = (waveform.length * waveform.samples_per_pixel) / waveform.sample_rate;
  return [...above, ...below, styleText('dim', timeline(seconds, columns))];
}

/** The height of each column, from 0 to 1. */
function heightsOf({ channels, length, data }: Waveform, columns: number): number[] {
  const heights = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * length) / columns));
    let sum = 0;
    for (let point = from; point < to; point++) {
      const peaks = data.slice(point * channels * 2, (point + 1) * channels * 2);
      sum += Math.max(0, ...peaks.map(Math.abs));
    }
    return sum / (to - from);
  });
  const loudest = Math.max(...heights) || 1;
  return heights.map((height) => height / loudest);
}

/** One row of `rows`, counted from the axis, in the given characters from empty to full. */
function drawn(heights: number[], rows: number, row: number, characters: string): string {
  const steps = characters.length - 1;
  const cells = heights.map((height) => {
    // What sounds at all is seen.
    const filled = Math.max(Math.round(height * rows * steps), height > 0 ? 1 : 0);
    return characters[Math.max(0, Math.min(steps, filled - row * steps))];
  });
  return cells.join('').trimEnd();
}

/** `0:00        0:30        1:00`: as many marks as fit with room between them. */
function timeline(seconds: number, columns: number): string {
  const step = MARKS.find((mark) => (mark / seconds) * columns >= 12) ?? seconds;
  let line = '';
  for (let time = 0; time < seconds; time += step) {
    const at = Math.round((time / seconds) * columns);
    const mark = clock(time);
    if (at + mark.length <= columns) line = line.padEnd(at) + mark;
  }
  return line;
}
