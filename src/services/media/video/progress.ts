import { readLines } from './line-reader.ts';

/** The progress of an encoder. */
export interface Progress {
  /** Frames of the first video output. */
  frames: number;
  seconds: number;
}

/** Parses the output of ffmpeg's `-progress`: groups of `name=value` lines. */
export function readProgress(onProgress: (progress: Progress) => void) {
  let [frames, seconds] = [0, 0];
  return readLines((line) => {
    const [name = '', value = ''] = line.split('=');
    const number = Number(value);
    if (name === 'frame' && Number.isFinite(number)) frames = number;
    if (name === 'out_time_us' && Number.isFinite(number)) seconds = Math.max(0, number / 1e6);
    if (name === 'progress') onProgress({ frames, seconds });
  });
}
