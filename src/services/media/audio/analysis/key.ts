import { makeSpectrumAnalyzer } from './fft.ts';
import { makeFrameSplitter } from './frames.ts';

export interface Key {
  /** Sharps only, as in the API: C, C#, D… null only for silence, and for less than 5 seconds. */
  key: string | null;
  scale: 'MAJOR' | 'MINOR' | null;
  /** How much better the best key fits than the second best: 0 is a guess, 1 is certain. */
  keyConfidence: number | null;
}

export const KEY_ALGORITHM = 'mixdown-chroma-krumhansl@1';

const NAMES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'] as const;
/**
 * Key profiles: the weight of each semitone above the tonic. Krumhansl & Kessler (1982) as revised
 * by Temperley (1999), whose minor is the harmonic one. Music uses the natural and the melodic
 * minor as often, so these have profiles, too; the best fitting profile decides.
 */
const PROFILES = [
  { scale: 'MAJOR', degrees: [5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4] },
  { scale: 'MINOR', degrees: [5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4] },
  { scale: 'MINOR', degrees: [5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 4, 1.5] },
  { scale: 'MINOR', degrees: [5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 2, 3.5, 1.5, 4] },
] as const;

const FRAME = 8192;
const HOP = 4096;
const [LOWEST, HIGHEST] = [60, 2000];
const SHORTEST_SECONDS = 5;
/** A spectral peak below this magnitude (about −86 dBFS) is silence. */
const SILENCE = 0.1;
/** The first and last notes are usually the tonic: the weight of that, added to a correlation. */
const TONIC_AT_ENDS = 0.12;
const END_SECONDS = 0.75;
/** The weight of a partial that is an overtone of a stronger note. */
const OVERTONE = 0.15;

/** Estimates the musical key of a mono stream. Memory: twelve numbers for each 0.2 s. */
export function makeKeyMeter(sampleRate: number) {
  const spectrum = makeSpectrumAnalyzer(FRAME);
  const frames: Float32Array[] = [];
  let samplesHeard = 0;
  const splitFrames = makeFrameSplitter(FRAME, HOP, (samples, offset) => {
    const chroma = computeChroma(spectrum(samples, offset), sampleRate / FRAME);
    if (chroma) frames.push(chroma);
  });
  return {
    add(samples: Float32Array): void {
      samplesHeard += samples.length;
      splitFrames(samples);
    },
    finish(): Key {
      const enough = frames.length > 0 && samplesHeard >= (SHORTEST_SECONDS - 0.01) * sampleRate;
      if (!enough) return { key: null, scale: null, keyConfidence: null };
      return estimateKey(frames, sampleRate / HOP);
    },
  };
}

interface Peak {
  hertz: number;
  strength: number;
}

/** The chroma of a frame: the strength of each of the twelve pitch classes; null in silence. */
function computeChroma(magnitudes: Float32Array, binHz: number): Float32Array | null {
  const partials = findPartials(magnitudes, binHz);
  if (partials.length === 0) return null;
  const chroma = new Float32Array(12);
  for (const partial of partials) {
    const pitch = 12 * Math.log2(partial.hertz / 440) + 69;
    const nearest = Math.round(pitch);
    const tuned = Math.cos((pitch - nearest) * Math.PI) ** 2;
    const overtone = isOvertone(partial, partials) ? OVERTONE : 1;
    chroma[nearest % 12] =
      (chroma[nearest % 12] as number) + Math.sqrt(partial.strength) * tuned * overtone;
  }
  return chroma;
}

/**
 * The peaks of the spectrum; what lies between them is leakage. Peaks under 1 % of the strongest
 * are ignored as noise.
 */
function findPartials(magnitudes: Float32Array, binHz: number): Peak[] {
  const partials: Peak[] = [];
  const floor = Math.max(SILENCE, 0.01 * magnitudes.reduce((a, b) => Math.max(a, b)));
  for (let k = Math.ceil(LOWEST / binHz); k < HIGHEST / binHz; k++) {
    const b = magnitudes[k] as number;
    const [a, c] = [magnitudes[k - 1] as number, magnitudes[k + 1] as number];
    if (b < floor || b < a || b <= c) continue;
    const shift = (a - c) / (2 * (a - 2 * b + c) || -1);
    partials.push({ hertz: (k + shift) * binHz, strength: b });
  }
  return partials;
}

/**
 * Whether a partial is a harmonic of a lower and stronger one. The 3rd, 5th, 6th and 7th harmonics
 * fall into other pitch classes than their fundamental, and would make minor look like major.
 */
function isOvertone({ hertz, strength }: Peak, partials: Peak[]): boolean {
  return partials.some((lower) => {
    if (lower.hertz >= hertz / 2.5) return false;
    const times = hertz / lower.hertz;
    const harmonic = Math.round(times);
    return (
      harmonic <= 9 &&
      Math.abs(times - harmonic) < 0.02 * harmonic &&
      lower.strength > strength * 0.8
    );
  });
}

function estimateKey(frames: Float32Array[], rate: number): Key {
  const total = sumFrames(frames);
  const edge = Math.max(1, Math.round(END_SECONDS * rate));
  const ends = [sumFrames(frames.slice(0, edge)), sumFrames(frames.slice(-edge))].map(normalize);
  const ranked = PROFILES.flatMap(({ scale, degrees }) =>
    NAMES.map((key, tonic) => {
      const bonus = ends.reduce((sum, chroma) => sum + (chroma[tonic] as number), 0) / 2;
      return { key, scale, score: correlate(total, tonic, degrees) + TONIC_AT_ENDS * bonus };
    }),
  ).sort((a, b) => b.score - a.score);
  const best = ranked[0] as (typeof ranked)[number]; // always there: 48 candidates are ranked
  const next = ranked.find(({ key, scale }) => key !== best.key || scale !== best.scale);
  const margin = (best.score - (next?.score ?? 0)) / 0.2;
  const keyConfidence =
    Math.round(Math.min(1, Math.max(0, best.score, 0) * Math.min(1, margin)) * 100) / 100;
  return { key: best.key, scale: best.scale, keyConfidence };
}

function sumFrames(frames: Float32Array[]): Float32Array {
  const sum = new Float32Array(12);
  for (const frame of frames)
    for (let n = 0; n < 12; n++) sum[n] = (sum[n] as number) + (frame[n] as number);
  return sum;
}

function normalize(chroma: Float32Array): Float32Array {
  const largest = Math.max(...chroma) || 1;
  return chroma.map((value) => value / largest);
}

/** Pearson's correlation between a profile and the pitch classes, counted from the tonic. */
function correlate(chroma: Float32Array, tonic: number, profile: readonly number[]): number {
  const computeMean = (values: Iterable<number>) =>
    [...values].reduce((sum, value) => sum + value, 0) / 12;
  const [x, y] = [computeMean(chroma), computeMean(profile)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let n = 0; n < 12; n++) {
    const dx = (chroma[(n + tonic) % 12] as number) - x;
    const dy = (profile[n] as number) - y;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 ? xy / Math.sqrt(xx * yy) : 0;
}
