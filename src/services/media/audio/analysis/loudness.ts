export interface Loudness {
  /**
   * LUFS over the whole track (EBU R 128); null for silence, and for less than 0.4 s, which has
   * none.
   */
  integratedLufs: number | null;
  /** Loudness range in LU. */
  rangeLu: number | null;
  /** The highest peak between the samples, in dBTP; null for digital silence. */
  truePeakDbtp: number | null;
}

/** What ebur128 reports where it has heard nothing above its absolute gate. */
const GATE = -70;

/**
 * Reads the summary that ffmpeg's ebur128 filter prints at its end. The last one counts: a tag of
 * the file, printed before, could say the same words.
 */
export function readLoudness(log: string): Loudness {
  const summary = log.slice(Math.max(0, log.lastIndexOf('Summary:')));
  const integrated = numberAfter(summary, /\bI:\s+(\S+) LUFS/);
  const integratedLufs = integrated !== null && integrated > GATE ? integrated : null;
  const rangeLu = integratedLufs === null ? null : numberAfter(summary, /\bLRA:\s+(\S+) LU/);
  return { integratedLufs, rangeLu, truePeakDbtp: numberAfter(summary, /\bPeak:\s+(\S+) dBFS/) };
}

/** `-inf` and `nan` are no numbers here. */
function numberAfter(text: string, pattern: RegExp): number | null {
  const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
