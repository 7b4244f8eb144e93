import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatTable } from '../../scripts/demo/table.ts';
import { drawBar } from '../../scripts/demo/terminal.ts';
import { drawWaveform, type Waveform } from '../../scripts/demo/waveform.ts';

/** A waveform of 20 points a second with these peaks, mono. */
function waveform(peaks: number[]): Waveform {
  const data = peaks.flatMap((peak) => [-peak, peak]);
  const head = { version: 2, channels: 1, sample_rate: 48_000, samples_per_pixel: 2400, bits: 8 };
  return { ...head, length: peaks.length, data };
}

function drawn(it: Waveform, columns: number): string[] {
  return drawWaveform(it, columns).map(stripVTControlCharacters);
}

test('a waveform rises with its sound, mirrored under the axis', () => {
  const ramp = waveform(Array.from({ length: 64 }, (_, n) => n));
  expect(drawn(ramp, 16).slice(0, 7)).toEqual([
    '             ▃▅█',
    '          ▃▆████',
    '      ▁▃▆███████',
    '   ▁▃▆██████████',
    '▁▄▆█████████████',
    '▀▀▀▀▀▀██████████',
    '          ▀▀▀▀██',
  ]);
});

test('silence is an empty picture, and one loud moment in it stands out', () => {
  expect(
    drawn(waveform(Array(200).fill(0)), 20)
      .slice(0, 7)
      .join(''),
  ).toBe('');
  const lines = drawn(waveform([...Array(190).fill(0), ...Array(10).fill(90)]), 20);
  expect(lines.slice(0, 5)).toEqual(Array(5).fill(`${' '.repeat(19)}█`));
});

test('the loudest channel is the one that is drawn', () => {
  const mono = waveform([10, 80, 40, 20]);
  const data = [10, 80, 40, 20].flatMap((peak) => [0, 1, -peak, peak]);
  expect(drawn({ ...mono, channels: 2, data }, 4)).toEqual(drawn(mono, 4));
});

test('no line is wider than the terminal, whatever the length of the song', () => {
  for (const points of [1, 7, 79, 80, 81, 4000, 20 * 3600]) {
    for (const columns of [20, 76, 116]) {
      const lines = drawn(waveform(Array.from({ length: points }, (_, n) => n % 128)), columns);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  }
});

test('the time line has its marks at the right positions', () => {
  const line = drawn(waveform(Array(20 * 90).fill(50)), 90).at(-1) as string;
  expect([line.indexOf('0:15'), line.indexOf('0:30'), line.indexOf('1:15')]).toEqual([15, 30, 75]);
});

test('a progress bar fills from empty to its whole width', () => {
  expect([drawBar(0, 4), drawBar(0.5, 4), drawBar(0.53, 4), drawBar(1, 4), drawBar(7, 4)]).toEqual([
    '░░░░',
    '██░░',
    '██▏░',
    '████',
    '████',
  ]);
});

test('columns of a table line up, also under accents of two code points', () => {
  const lines = formatTable(
    ['File', 'BPM'],
    [['Cafe\u0301.mp3', '120'], ['b.ogg', '9'], ['c.ogg']],
  );
  expect(lines.map(stripVTControlCharacters)).toEqual([
    '  File       BPM',
    '  Cafe\u0301.mp3   120',
    '  b.ogg      9',
    '  c.ogg',
  ]);
});
