import { autocorrelate, findPeakNear, interpolateAt } from './autocorrelation.ts';
import { makeSpectrumAnalyzer } from './fft.ts';
import { makeFrameSplitter, Series } from './frames.ts';

export interface Tempo {
  /** Beats per minute, to two decimals; null when no rhythm is found. */
  bpm: number | null;
  /**
   * The autocorrelation of onset strength one beat later: 1 for a metronome, about 0.5 for clear
   * drums, under 0.2 for a guess. It does not rule out half or double the tempo.
   */
  bpmConfidence: number | null;
}

export const TEMPO_ALGORITHM = 'mixdown-onset-autocorrelation@1';

const FRAME = 1024;
const HOP = 256;
const [SLOWEST, FASTEST] = [55, 190];
/** Only the window with the most onsets is analysed. */
const WINDOW_SECONDS = 90;
const SHORTEST_SECONDS = 4;
const MIN_STRENGTH = 0.08;
/**
 * The weakest onset that counts. A steady tone stays at a tenth of it; a click at −50 dBFS is twice
 * it.
 */
const MIN_ONSET = 0.7;

/** Estimates the tempo of a mono stream. Memory: one number for each 12 ms. */
export function makeTempoMeter(sampleRate: number) {
  const spectrum = makeSpectrumAnalyzer(FRAME);
  const previous = new Float32Array(FRAME / 2);
  const onsets = new Series();
  const rate = sampleRate / HOP;

  const add = makeFrameSplitter(FRAME, HOP, (samples, offset) => {
    const magnitudes = spectrum(samples, offset);
    let flux = 0;
    for (let k = 1; k < FRAME / 2; k++) {
      // Log scale, because loudness is perceived in ratios; low frequencies weigh more, so that
      // drums count more than cymbals.
      const level = Math.log(1 + (magnitudes[k] as number) * 4);
      const rise = level - (previous[k] as number);
      if (rise > 0) flux += rise / (1 + k / 12);
      previous[k] = level;
    }
    onsets.push(flux);
  });
  return { add, finish: () => estimateTempo(onsets.values, rate) };
}

function estimateTempo(onsets: Float32Array, rate: number): Tempo {
  const nothing = { bpm: null, bpmConfidence: null };
  if (onsets.length < SHORTEST_SECONDS * rate) return nothing;
  const window = findBusiestWindow(onsets, Math.round(WINDOW_SECONDS * rate));
  if (compute99thPercentile(window) < MIN_ONSET) return nothing;
  const pulses = computePulses(window, rate);
  const correlation = autocorrelate(pulses, Math.ceil((8 * 60 * rate) / SLOWEST));
  const lag = refineLag(correlation, findBeatLag(correlation, rate));
  const strength = Math.min(1, interpolateAt(correlation, lag));
  if (!(strength >= MIN_STRENGTH)) return nothing;
  return { bpm: roundToHundredth((60 * rate) / lag), bpmConfidence: roundToHundredth(strength) };
}

/** The window of `length` frames with the largest sum of onsets. */
function findBusiestWindow(onsets: Float32Array, length: number): Float32Array {
  let sum = 0;
  let best = -1;
  let start = 0;
  for (let n = 0; n < onsets.length; n++) {
    sum += (onsets[n] as number) - (n >= length ? (onsets[n - length] as number) : 0);
    if (sum <= best) continue;
    best = sum;
    start = Math.max(0, n - length + 1);
  }
  return onsets.subarray(start, start + length);
}

/**
 * Prepares onsets for autocorrelation: subtracts the local mean (half a second to each side), caps
 * outliers, so that one loud crash does not dominate, and blurs, because beats mostly fall between
 * two frames.
 */
function computePulses(onsets: Float32Array, rate: number): Float32Array {
  const sharp = subtractLocalMean(onsets, Math.round(rate / 2));
  const cap = compute99thPercentile(sharp) || Number.POSITIVE_INFINITY;
  const capped = sharp.map((value) => Math.min(value, cap));
  const blurred = blur(blur(capped));
  const mean = blurred.reduce((sum, value) => sum + value, 0) / blurred.length;
  return blurred.map((value) => value - mean);
}

/** The 99th percentile. */
function compute99thPercentile(onsets: Float32Array): number {
  return onsets.toSorted()[Math.floor(onsets.length * 0.99)] ?? 0;
}

function subtractLocalMean(onsets: Float32Array, reach: number): Float32Array {
  const sums = new Float64Array(onsets.length + 1);
  for (const [n, value] of onsets.entries()) sums[n + 1] = (sums[n] as number) + value;
  return onsets.map((value, n) => {
    const from = Math.max(0, n - reach);
    const to = Math.min(onsets.length, n + reach + 1);
    return Math.max(0, value - ((sums[to] as number) - (sums[from] as number)) / (to - from));
  });
}

function blur(values: Float32Array): Float32Array {
  return values.map((value, n) => value / 2 + ((values[n - 1] ?? 0) + (values[n + 1] ?? 0)) / 4);
}

/**
 * The lag of the beat that people would tap to (the tactus): it recurs, its multiples recur, and it
 * is near 120 beats per minute.
 */
function findBeatLag(correlation: Float32Array, rate: number): number {
  let best = Number.NEGATIVE_INFINITY;
  let found = 0;
  for (let bpm = SLOWEST; bpm <= FASTEST; bpm *= 1.005) {
    const lag = (60 * rate) / bpm;
    const octaves = Math.log2(bpm / 120);
    const score = scoreRecurrence(correlation, lag) * Math.exp(-(octaves ** 2) / 2);
    if (score <= best) continue;
    best = score;
    found = lag;
  }
  // A dotted rhythm also recurs at two thirds of the tempo, but the beat itself recurs more
  // strongly.
  const dotted = (found * 2) / 3;
  if (
    isSlowEnough(dotted, rate) &&
    interpolateAt(correlation, dotted) > interpolateAt(correlation, found)
  )
    found = dotted;
  // If half the lag is about as strong, that is the beat: a metronome at 180 also recurs at 90.
  const between = found / 2;
  const isAsStrong =
    interpolateAt(correlation, between) >= 0.85 * interpolateAt(correlation, found);
  return isSlowEnough(between, rate) && isAsStrong ? between : found;
}

function isSlowEnough(lag: number, rate: number): boolean {
  return (60 * rate) / lag <= FASTEST;
}

function scoreRecurrence(correlation: Float32Array, lag: number): number {
  return [0.4, 0.3, 0.2, 0.1].reduce(
    (sum, weight, n) => sum + weight * interpolateAt(correlation, lag * (n + 1)),
    0,
  );
}

/**
 * Refines the lag by the peaks at 2, 4 and 8 beats, as long as the tempo is steady enough to have
 * them.
 */
function refineLag(correlation: Float32Array, tapped: number): number {
  let lag = findPeakNear(correlation, tapped, Math.max(2, tapped * 0.03)) ?? tapped;
  const first = interpolateAt(correlation, lag);
  for (const beats of [2, 4, 8]) {
    const peak = findPeakNear(correlation, lag * beats, 2);
    if (peak === null || interpolateAt(correlation, peak) < 0.6 * first) break;
    lag = peak / beats;
  }
  return lag;
}

function roundToHundredth(value: number): number {
  return Math.round(value * 100) / 100;
}
