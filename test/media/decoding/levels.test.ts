import { expect, test } from 'vitest';
import { makeLevelMeter } from '../../../src/services/media/audio/analysis/levels.ts';

const RATE = 1000;

/** Stereo of a mono line, one side of it in reverse; heard in pieces of any size. */
function heard(mono: number[], piece = 7) {
  const meter = makeLevelMeter(RATE, 2);
  for (let at = 0; at < mono.length; at += piece) {
    const some = mono.slice(at, at + piece);
    meter.add(Int16Array.from(some.flatMap((v) => [v, -v])));
  }
  return meter.finish();
}

const line = (...parts: [value: number, count: number][]) =>
  parts.flatMap(([value, count]) => Array<number>(count).fill(value));

test('silence before, after and within is told in seconds; short pauses are none', () => {
  const { silence } = heard(
    line([0, 1200], [5000, 300], [20, 400], [5000, 300], [-30, 800], [90, 100], [0, 2000]),
  );
  expect(silence).toEqual({ leadingSeconds: 1.2, trailingSeconds: 2, totalSeconds: 4 });
});

test('of nothing but silence all is silent', () => {
  expect(heard(line([0, 3000])).silence).toEqual({
    leadingSeconds: 3,
    trailingSeconds: 3,
    totalSeconds: 3,
  });
});

test('runs at full scale are clipping, single peaks are not, whatever pieces they come in', () => {
  const mono = line([0, 10], [32_767, 1], [100, 5], [32_767, 2], [9, 3], [32_767, 5], [0, 9]);
  // −32767 on the other side is a step short of full scale.
  for (const piece of [1, 2, 7, 100]) {
    expect(heard(mono, piece).clipping).toEqual({ samples: 5, runs: 1 });
  }
  expect(heard(line([-32_768, 4], [1, 1], [-32_768, 3])).clipping.runs).toBeGreaterThan(0);
});
