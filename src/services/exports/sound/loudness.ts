import type { Loudness } from '../../media/audio/analysis/loudness.ts';
import type { LoudnessTarget } from '../plan.ts';
import { formatDb, toFactor } from './pcm.ts';

/** What is done to samples on their way into the encoder. */
export interface Levels {
  /** In dB. */
  gain: number;
  /** Peaks over this are limited, in dBTP; null: nothing is. */
  ceiling: number | null;
}

/** Loudness is not defined for less, in seconds. */
const SHORTEST_SECONDS = 3;
/** How far the encoded file may be off its target, in LU, and over its true peak, in dB. */
const [LOUDNESS_OFF, PEAK_OVER] = [0.2, 0];
/** A first guess of how much encoders overshoot, in dB. */
const HEADROOM = 0.2;
/** A limiter at the rate of the samples sees no peak between them. */
const OVERSAMPLING = 4;
const [MOST_GAIN, LEAST_GAIN] = [40, -60];

/** Levels for the first encoding. */
export function planLevels(
  target: LoudnessTarget | null,
  { integratedLufs, truePeakDbtp }: Loudness,
  seconds: number,
): Levels {
  const peak = truePeakDbtp ?? Number.NEGATIVE_INFINITY;
  // Encoders clip what is over full scale.
  if (!target) return { gain: 0, ceiling: peak > 0 ? 0 : null };
  const hasLoudness = integratedLufs !== null && seconds >= SHORTEST_SECONDS;
  const wanted = hasLoudness ? target.target - integratedLufs : 0;
  const gain = Math.min(MOST_GAIN, Math.max(LEAST_GAIN, wanted));
  const ceiling = target.truePeak - HEADROOM;
  return { gain, ceiling: peak + gain > ceiling ? ceiling : null };
}

/** Levels for the next encoding, by what was measured of this one; null when it is good. */
export function correctLevels(
  { gain, ceiling }: Levels,
  target: LoudnessTarget,
  { integratedLufs, truePeakDbtp }: Loudness,
  seconds: number,
): Levels | null {
  const isMeasurable = integratedLufs !== null && seconds >= SHORTEST_SECONDS;
  const off = isMeasurable ? target.target - integratedLufs : 0;
  const over = (truePeakDbtp ?? Number.NEGATIVE_INFINITY) - target.truePeak;
  if (Math.abs(off) <= LOUDNESS_OFF && over <= PEAK_OVER) return null;
  const lower = (ceiling ?? target.truePeak) - over - 0.05;
  return {
    gain: Math.min(MOST_GAIN, gain + off),
    ceiling: over > PEAK_OVER ? lower : ceiling,
  };
}

/** The filter that applies levels. */
export function buildLevelFilter({ gain, ceiling }: Levels, sampleRate: number): string {
  const volume = `volume=${formatDb(gain)}`;
  if (ceiling === null) return gain === 0 ? 'anull' : volume;
  const limit = Math.max(0.0625, toFactor(ceiling)).toFixed(5);
  const limiter = `alimiter=limit=${limit}:attack=5:release=50:level=disabled:latency=1`;
  return [
    volume,
    `aresample=${sampleRate * OVERSAMPLING}`,
    limiter,
    `aresample=${sampleRate}`,
  ].join(',');
}
