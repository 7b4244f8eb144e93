import { lines } from './line-reader.ts';

/** How far an encoder is. */
export interface Progress {
  /** Of the first video that it writes. */
  frames: number;
  seconds: number;
}

/** Listens to what `-progress` writes: lines of `name=value`, a group at a time. */
export function progressLines(onProgress: (progress: Progress) => void) {
  let [frames, seconds] = [0, 0];
  return lines((line) => {
    const [name = '', value = ''] = line.split('=');
    const number = Number(value);
    if (name === 'frame' && Number.isFinite(number)) frames = number;
    if (name === 'out_time_us' && Number.isFinite(number)) seconds = Math.max(0, number / 1e6);
    if (name === 'progress') onProgress({ frames, seconds });
  });
}
