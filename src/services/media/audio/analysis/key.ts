import { spectrumOf } from './fft.ts';
import { framesOf } from './frames.ts';

export interface Key {
  /** Sharps only, as in the API: C, C#, D… null only for silence, and for less than 5 seconds. */
  key: string | null;
  scale: 'MAJOR' | 'MINOR' | null;
  /** By how much the best key fits better than the next: 0 a coin tossed, 1 beyond doubt. */
  keyConfidence: number | null;
}

export const KEY_ALGORITHM = 'mixdown-chroma-krumhansl@1';

const NAMES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'] as const;
/**
 * How well each degree of the scale fits: Krumhansl & Kessler's listeners (1982) as revised by
 * Temperley (1999), whose minor is the harmonic one. Songs and exercises as often keep to the
 * natural, or rise by the melodic: the one that fits best counts.
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
/** A frame below this magnitude (about −86 dBFS) is silence. */
const SILENCE = 0.1;
/**
 * First and last notes are the tonic more often than not; this is how much that is worth beside a
 * correlation.
 */
const ENDS = 0.12;
const END_SECONDS = 0.75;
/** What an overtone of a stronger note still counts. */
const OVERTONE = 0.15;

/** Listens to a mono stream for its key: keeps twelve numbers per 0.2 s. */
export function keyMeter(sampleRate: number) {
  const spectrum = spectrumOf(FRAME);
  const frames: Float32Array[] = [];
  let samplesHeard = 0;
  const listen = framesOf(FRAME, HOP, (samples, offset) => {
    const chroma = chromaOf(spectrum(samples, offset), sampleRate / FRAME);
    if (chroma) frames.push(chroma);
  });
  return {
    add(samples: Float32Array): void {
      samplesHeard += samples.length;
      listen(samples);
    },
    result(): Key {
      const enough = frames.length > 0 && samplesHeard >= (SHORTEST_SECONDS - 0.01) * sampleRate;
      if (!enough) return { key: null, scale: null, keyConfidence: null };
      return estimate(frames, sampleRate / HOP);
    },
  };
}

interface Peak {
  hertz: number;
  strength: number;
}

/** How strongly each of the twelve pitch classes sounds; null in silence. */
function chromaOf(magnitudes: Float32Array, binHz: number): Float32Array | null {
  const partials = partialsOf(magnitudes, binHz);
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
 * The peaks of the spectrum: what lies between them is leakage. The weaker ones are left out, so
 * that noise is.
 */
function partialsOf(magnitudes: Float32Array, binHz: number): Peak[] {
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
 * The 3rd, 5th, 6th and 7th overtone of a note are other notes to a chromagram, and would turn
 * minor into major.
 */
function isOvertone({ hertz, strength }: Peak, partials: Peak[]): boolean {
  return partials.some((lower) => {
    if (lower.hertz >= hertz / 2.5) return false;
    const times = hertz / lower.hertz;
    const whole = Math.round(times);
    return whole <= 9 && Math.abs(times - whole) < 0.02 * whole && lower.strength > strength * 0.8;
  });
}

function estimate(frames: Float32Array[], rate: number): Key {
  const whole = sumOf(frames);
  const edge = Math.max(1, Math.round(END_SECONDS * rate));
  const ends = [sumOf(frames.slice(0, edge)), sumOf(frames.slice(-edge))].map(share);
  const ranked = PROFILES.flatMap(({ scale, degrees }) =>
    NAMES.map((key, tonic) => {
      const bonus = ends.reduce((sum, chroma) => sum + (chroma[tonic] as number), 0) / 2;
      return { key, scale, score: correlation(whole, tonic, degrees) + ENDS * bonus };
    }),
  ).sort((a, b) => b.score - a.score);
  const best = ranked[0] as (typeof ranked)[number]; // there are forty-eight
  const next = ranked.find(({ key, scale }) => key !== best.key || scale !== best.scale);
  const margin = (best.score - (next?.score ?? 0)) / 0.2;
  const keyConfidence =
    Math.round(Math.min(1, Math.max(0, best.score, 0) * Math.min(1, margin)) * 100) / 100;
  return { key: best.key, scale: best.scale, keyConfidence };
}

function sumOf(frames: Float32Array[]): Float32Array {
  const sum = new Float32Array(12);
  for (const frame of frames)
    for (let n = 0; n < 12; n++) sum[n] = (sum[n] as number) + (frame[n] as number);
  return sum;
}

function share(chroma: Float32Array): Float32Array {
  const largest = Math.max(...chroma) || 1;
  return chroma.map((value) => value / largest);
}

/** Pearson's, between the pitch classes counted from the tonic and the profile. */
function correlation(chroma: Float32Array, tonic: number, profile: readonly number[]): number {
  const meanOf = (values: Iterable<number>) =>
    [...values].reduce((sum, value) => sum + value, 0) / 12;
  const [x, y] = [meanOf(chroma), meanOf(profile)];
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
