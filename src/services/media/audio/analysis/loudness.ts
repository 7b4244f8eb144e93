export interface Loudness {
  /**
   * LUFS of the whole track (EBU R 128); null for silence and below 0.4 s, where it is undefined.
   */
  integratedLufs: number | null;
  /** Loudness range in LU; null for silence and below 5 s. */
  rangeLu: number | null;
  /** The true peak (between samples, too) in dBTP; null for digital silence. */
  truePeakDbtp: number | null;
}

/** What ebur128 reports in LUFS when nothing was above its absolute gate. */
const GATE_LUFS = -70;

/**
 * In seconds. The range spans the 10th to the 95th percentile of 3 s windows, ten a second (EBU
 * Tech 3342). With fewer than twenty full windows it means nothing, though ffmpeg counts partial
 * ones and prints it.
 */
const SHORTEST_SECONDS = 5;

/**
 * Reads the summary that ffmpeg's ebur128 filter prints at the end. The last "Summary:" in the log
 * is used, because ffmpeg prints the file's own tags before it, and a tag may contain the same
 * words.
 * @param seconds length of the measured sound
 */
export function readLoudness(log: string, seconds: number): Loudness {
  const summary = log.slice(Math.max(0, log.lastIndexOf('Summary:')));
  const integrated = parseNumber(summary, /\bI:\s+(\S+) LUFS/);
  const integratedLufs = integrated !== null && integrated > GATE_LUFS ? integrated : null;
  const hasRange = integratedLufs !== null && seconds >= SHORTEST_SECONDS;
  const rangeLu = hasRange ? parseNumber(summary, /\bLRA:\s+(\S+) LU/) : null;
  return { integratedLufs, rangeLu, truePeakDbtp: parseNumber(summary, /\bPeak:\s+(\S+) dBFS/) };
}

/** Null for `-inf` and `nan`, too. */
function parseNumber(text: string, pattern: RegExp): number | null {
  const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}
