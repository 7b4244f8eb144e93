export interface Loudness {
  /**
   * LUFS over the whole track (EBU R 128); null for silence, and for less than 0.4 s, which has
   * none.
   */
  integratedLufs: number | null;
  /** Loudness range in LU; null for silence, and for less than 5 s, which has none. */
  rangeLu: number | null;
  /** The highest peak between the samples, in dBTP; null for digital silence. */
  truePeakDbtp: number | null;
}

/** What ebur128 reports where it has heard nothing above its absolute gate. */
const GATE = -70;

/**
 * The range is from the 10th to the 95th percentile of windows of 3 s, ten a second (EBU Tech 3342): below
 * twenty of them there is no such thing, and ffmpeg counts windows that are not yet full.
 */
const SHORTEST_RANGE = 5;

/**
 * Reads the summary that ffmpeg's ebur128 filter prints at its end. The last one counts: a tag of
 * the file, printed before, could say the same words.
 * @param seconds of sound that it heard
 */
export function readLoudness(log: string, seconds: number): Loudness {
  const summary = log.slice(Math.max(0, log.lastIndexOf('Summary:')));
  const integrated = numberAfter(summary, /\bI:\s+(\S+) LUFS/);
  const integratedLufs = integrated !== null && integrated > GATE ? integrated : null;
  const hasRange = integratedLufs !== null && seconds >= SHORTEST_RANGE;
  const rangeLu = hasRange ? numberAfter(summary, /\bLRA:\s+(\S+) LU/) : null;
  return { integratedLufs, rangeLu, truePeakDbtp: numberAfter(summary, /\bPeak:\s+(\S+) dBFS/) };
}

/** `-inf` and `nan` are no numbers here. */
function numberAfter(text: string, pattern: RegExp): number | null {
  const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
