import type { Histogram } from 'hdr-histogram-js';

// An HDR histogram counts values in buckets of equal relative width. Unlike a t-digest it is the same in
// whatever order values come, and merging loses nothing: the histograms of 24 hours, added, are that of their
// day, so a recount finds the very percentiles that are stored.

/** So exact are percentiles: to the second digit. */
const DIGITS = 2;

type Library = typeof import('hdr-histogram-js');
let library: Library | undefined;

/** Imports the library, which most requests do without; to be awaited before anything else of this file. */
export async function loadHistograms(): Promise<void> {
  library ??= await import('hdr-histogram-js');
}

function histograms(): Library {
  if (!library) throw new Error('Histograms are used before `loadHistograms`.');
  return library;
}

/** Makes an empty histogram. */
export function createDigest(): Histogram {
  return histograms().build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: DIGITS,
  });
}

/** Adds a value, so many times. Fractions and negative values are rounded to what it can hold. */
export function addValue(digest: Histogram, value: number, times = 1): void {
  digest.recordValueWithCount(Math.max(0, Math.round(value)), times);
}

/** Adds all values of a stored histogram. */
export function addStored(digest: Histogram, stored: Uint8Array): void {
  digest.add(histograms().decodeFromCompressedBase64(Buffer.from(stored).toString('base64')));
}

/** As it is stored: a few hundred bytes. */
export function encodeDigest(digest: Histogram): Buffer {
  return Buffer.from(histograms().encodeIntoCompressedBase64(digest), 'base64');
}

/** The percentiles that stats show: a bucket reaches beyond the values in it, but these do not. */
export function readPercentiles(
  digest: Histogram,
  { min, max }: { min: number; max: number },
): { p50: number; p95: number } {
  const at = (percentile: number) =>
    Math.min(max, Math.max(min, digest.getValueAtPercentile(percentile)));
  return { p50: at(50), p95: at(95) };
}
