import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { photograph } from '../../test/samples/images.ts';

const run = promisify(execFile);

/** What exports are made of: files of ours, whose paths are in the order in which they are used. */
export interface Inputs {
  songs: string[];
  pictures: string[];
}

/** Of each song, in seconds. */
export const SONG_SECONDS = 60;

// Beats with rests and overtones, as loud as songs are, so that a limiter has something to do.
const SONGS = [220, 277, 330].map(
  (hz) =>
    `aevalsrc=0.7*sin(2*PI*${hz}*t)*lt(mod(t\\,0.5)\\,0.2)+0.3*sin(2*PI*${3 * hz}*t)*sin(2*PI*0.2*t)` +
    `|0.7*sin(2*PI*${hz + 1}*t)*lt(mod(t\\,0.5)\\,0.2):s=44100:d=${SONG_SECONDS}`,
);
const FORMATS = [
  ['song-1.mp3', '-b:a', '192k'],
  ['song-2.flac'],
  ['song-3.m4a', '-b:a', '192k'],
] as const;
const PICTURES = 6;

/** Synthesises three songs of a minute, of three formats, and photographs. */
export async function makeInputs(ffmpeg: string, folder: string): Promise<Inputs> {
  const songs: string[] = [];
  for (const [n, [name, ...options]] of FORMATS.entries()) {
    const path = join(folder, name);
    const source = ['-f', 'lavfi', '-i', String(SONGS[n])];
    await run(ffmpeg, ['-v', 'error', '-y', ...source, ...options, path]);
    songs.push(path);
  }
  const pictures: string[] = [];
  for (let n = 0; n < PICTURES; n++) {
    const path = join(folder, `picture-${n}.jpg`);
    await photograph(3000 - 100 * n, 2000)
      .jpeg({ quality: 90 })
      .toFile(path);
    pictures.push(path);
  }
  return { songs, pictures };
}
