import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  addStored,
  addValue,
  createDigest,
  encodeDigest,
  loadHistograms,
  readPercentiles,
} from '../../src/services/metering/digest.ts';

beforeAll(loadHistograms);

function describe(values: number[]) {
  const digest = createDigest();
  for (const value of values) addValue(digest, value);
  const span = { min: Math.min(...values), max: Math.max(...values) };
  return { digest, span, ...readPercentiles(digest, span) };
}

test('the percentiles of one value are that value', () => {
  for (const value of [0, 0.4, 1, 127, 340, 2700, 60_001, 123_456_789])
    expect(describe([value])).toMatchObject({ p50: value, p95: value });
});

test('no percentile is below the least value, nor above the greatest; of sums of histograms neither', () => {
  const values = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(values, values, (some, more) => {
      const [one, other] = [describe(some), describe(more)];
      const sum = createDigest();
      for (const { digest } of [one, other]) addStored(sum, encodeDigest(digest));
      const span = {
        min: Math.min(one.span.min, other.span.min),
        max: Math.max(one.span.max, other.span.max),
      };
      for (const { p50, p95, min, max } of [
        { ...one, ...one.span },
        { ...readPercentiles(sum, span), ...span },
      ])
        expect(min <= p50 && p50 <= p95 && p95 <= max).toBe(true);
    }),
  );
});
