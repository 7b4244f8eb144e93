import { styleText } from 'node:util';
import { formatClock } from './units.ts';

/**
 * The JSON format of audiowaveform, version 2: `data` holds the minimum and maximum of each
 * channel, for each point.
 */
export interface Waveform {
  version: number;
  channels: number;
  sample_rate: number;
  samples_per_pixel: number;
  bits: number;
  length: number;
  data: number[];
}

/** Rows above the axis, drawn in steps of an eighth of a character. */
const ABOVE = 5;
/** Rows of the reflection below, drawn in steps of a half. */
const BELOW = 2;
const RISING = ' ▁▂▃▄▅▆▇█';
const FALLING = ' ▀█';
/** The colours of the rows, from the top. */
const COLOURS = ['magenta', 'magenta', 'blue', 'cyan', 'cyan'] as const;
const MARKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/**
 * Draws a waveform, its reflection and a time line. The height of a column is the average of the
 * peaks in its stretch of time, relative to the loudest column.
 */
export function drawWaveform(waveform: Waveform, columns: number): string[] {
  const heights = computeHeights(waveform, columns);
  const above = Array.from({ length: ABOVE }, (_, row) =>
    styleText(COLOURS[row] ?? 'cyan', drawRow(heights, ABOVE, ABOVE - 1 - row, RISING)),
  );
  const below = Array.from({ length: BELOW }, (_, row) =>
    styleText(['blue', 'dim'], drawRow(heights, BELOW, row, FALLING)),
  );
  const seconds = (waveform.length * waveform.samples_per_pixel) / waveform.sample_rate;
  return [...above, ...below, styleText('dim', drawTimeline(seconds, columns))];
}

/** Computes the height of each column, from 0 to 1. */
function computeHeights({ channels, length, data }: Waveform, columns: number): number[] {
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

/** Draws a row, counted from the axis, with characters that go from empty to full. */
function drawRow(heights: number[], rows: number, row: number, characters: string): string {
  const steps = characters.length - 1;
  const cells = heights.map((height) => {
    // Any sound is visible, however soft.
    const filled = Math.max(Math.round(height * rows * steps), height > 0 ? 1 : 0);
    return characters[Math.max(0, Math.min(steps, filled - row * steps))];
  });
  return cells.join('').trimEnd();
}

/** Draws a time line such as `0:00        0:30        1:00`, with as many marks as fit. */
function drawTimeline(seconds: number, columns: number): string {
  const step = MARKS.find((mark) => (mark / seconds) * columns >= 12) ?? seconds;
  let line = '';
  for (let time = 0; time < seconds; time += step) {
    const at = Math.round((time / seconds) * columns);
    const mark = formatClock(time);
    if (at + mark.length <= columns) line = line.padEnd(at) + mark;
  }
  return line;
}
