import { at, autocorrelation, peakNear } from './autocorrelation.ts';
import { spectrumOf } from './fft.ts';
import { framesOf, Series } from './frames.ts';

export interface Tempo {
  /** Beats a minute, to a hundredth. null where nothing recurs. */
  bpm: number | null;
  /**
   * How much of what begins to sound (onsets, by strength) begins again a beat later: 1 for a
   * metronome, about 0.5 for drums that are clear, under 0.2 for a guess. It does not say that half
   * or double the tempo would be wrong.
   */
  bpmConfidence: number | null;
}

export const TEMPO_ALGORITHM = 'mixdown-onset-autocorrelation@1';

const FRAME = 1024;
const HOP = 256;
const [SLOWEST, FASTEST] = [55, 190];
/** The stretch that is looked at: the one in which most begins to sound. */
const WINDOW_SECONDS = 90;
const SHORTEST_SECONDS = 4;
const GUESSWORK = 0.08;
/** A steady tone flickers at a tenth of this; a click at −50 dBFS reaches twice as much. */
const FAINTEST = 0.7;

/**
 * Listens to a mono stream for its tempo: keeps one number per 12 ms, so that a song of any length
 * may pass.
 */
export function tempoMeter(sampleRate: number) {
  const spectrum = spectrumOf(FRAME);
  const previous = new Float32Array(FRAME / 2);
  const onsets = new Series();
  const rate = sampleRate / HOP;

  const add = framesOf(FRAME, HOP, (samples, offset) => {
    const magnitudes = spectrum(samples, offset);
    let flux = 0;
    for (let k = 1; k < FRAME / 2; k++) {
      // Loudness is felt in ratios, and drums are told apart from cymbals: low notes count more.
      const level = Math.log(1 + (magnitudes[k] as number) * 4);
      const rise = level - (previous[k] as number);
      if (rise > 0) flux += rise / (1 + k / 12);
      previous[k] = level;
    }
    onsets.push(flux);
  });
  return { add, result: () => estimate(onsets.values, rate) };
}

function estimate(onsets: Float32Array, rate: number): Tempo {
  const nothing = { bpm: null, bpmConfidence: null };
  if (onsets.length < SHORTEST_SECONDS * rate) return nothing;
  const window = busiest(onsets, Math.round(WINDOW_SECONDS * rate));
  if (strongest(window) < FAINTEST) return nothing;
  const pulses = pulsesOf(window, rate);
  const likeness = autocorrelation(pulses, Math.ceil((8 * 60 * rate) / SLOWEST));
  const lag = refine(likeness, tactus(likeness, rate));
  const strength = Math.min(1, at(likeness, lag));
  if (!(strength >= GUESSWORK)) return nothing;
  return { bpm: rounded((60 * rate) / lag), bpmConfidence: rounded(strength) };
}

/** The stretch of that many frames with the most onsets in it. */
function busiest(onsets: Float32Array, length: number): Float32Array {
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
 * What stands out of its neighbourhood of half a second to each side; capped, so that one crash is
 * not the whole song; and a little blurred, because a beat falls between two frames more often than
 * on one.
 */
function pulsesOf(onsets: Float32Array, rate: number): Float32Array {
  const sharp = aboveMean(onsets, Math.round(rate / 2));
  const cap = strongest(sharp) || Number.POSITIVE_INFINITY;
  const capped = sharp.map((value) => Math.min(value, cap));
  const blurred = blur(blur(capped));
  const mean = blurred.reduce((sum, value) => sum + value, 0) / blurred.length;
  return blurred.map((value) => value - mean);
}

/** Of the strong ones the weakest: all but one in a hundred are below. */
function strongest(onsets: Float32Array): number {
  return onsets.toSorted()[Math.floor(onsets.length * 0.99)] ?? 0;
}

function aboveMean(onsets: Float32Array, reach: number): Float32Array {
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
 * The delay that people would tap to: it recurs, so do its multiples, and it is near two a second.
 */
function tactus(likeness: Float32Array, rate: number): number {
  let best = Number.NEGATIVE_INFINITY;
  let found = 0;
  for (let bpm = SLOWEST; bpm <= FASTEST; bpm *= 1.005) {
    const lag = (60 * rate) / bpm;
    const octaves = Math.log2(bpm / 120);
    const score = recurrence(likeness, lag) * Math.exp(-(octaves ** 2) / 2);
    if (score <= best) continue;
    best = score;
    found = lag;
  }
  // Three against two: a dotted rhythm recurs at two thirds of the tempo, but the beat itself
  // recurs more.
  const dotted = (found * 2) / 3;
  if (isPlayable(dotted, rate) && at(likeness, dotted) > at(likeness, found)) found = dotted;
  // What is as strong in between (the pulse of a metronome at 180, heard at 90) is the beat, not
  // its half.
  const between = found / 2;
  const asStrong = at(likeness, between) >= 0.85 * at(likeness, found);
  return isPlayable(between, rate) && asStrong ? between : found;
}

function isPlayable(lag: number, rate: number): boolean {
  return (60 * rate) / lag <= FASTEST;
}

function recurrence(likeness: Float32Array, lag: number): number {
  return [0.4, 0.3, 0.2, 0.1].reduce(
    (sum, weight, n) => sum + weight * at(likeness, lag * (n + 1)),
    0,
  );
}

/**
 * The same peak at 2, 4 and 8 beats tells the length of one ever more finely, as long as the tempo
 * holds.
 */
function refine(likeness: Float32Array, tapped: number): number {
  let lag = peakNear(likeness, tapped, Math.max(2, tapped * 0.03)) ?? tapped;
  const first = at(likeness, lag);
  for (const beats of [2, 4, 8]) {
    const peak = peakNear(likeness, lag * beats, 2);
    if (peak === null || at(likeness, peak) < 0.6 * first) break;
    lag = peak / beats;
  }
  return lag;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
