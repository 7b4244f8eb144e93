import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Input } from './inputs.ts';

const run = promisify(execFile);

// The same outputs with the same settings of the encoders, by plain command lines: without limits
// and allow-lists, with ffmpeg's default number of threads, and without reading its output.

/** Runs ffmpeg alone on an input. For images there is `plain-image.ts`, which uses sharp. */
export async function runFloor(
  ffmpeg: string,
  { kind, path }: Input,
  folder: string,
): Promise<void> {
  const call = (...args: string[]) => run(ffmpeg, ['-v', 'error', '-y', '-i', path, ...args]);
  if (kind === 'videos') {
    await call(...POSTER.map((arg) => place(arg, folder)));
    await call(...PREVIEW.map((arg) => place(arg, folder)));
  } else await call(...SOUND.map((arg) => place(arg, folder)));
}

const words = (text: string) => text.trim().split(/\s+/);
const place = (arg: string, folder: string) => arg.replace(/^@/, `${join(folder)}/`);

/** Loudness, preview, samples for the waveform, samples for tempo and key: one decode. */
const SOUND = words(`
  -map 0:a:0 -af ebur128=peak=true:framelog=quiet -f null -
  -map 0:a:0 -c:a aac -aac_coder fast -b:a 128k -movflags +faststart @preview.m4a
  -map 0:a:0 -c:a pcm_s16le -f wav /dev/null
  -map 0:a:0 -ac 1 -ar 22050 -c:a pcm_f32le -f f32le /dev/null`);

/** The first frame, whatever it shows. */
const POSTER = words(`
  -filter_complex [0:v]split[a][b];[a]scale=1280:720[poster];[b]scale=320:180[thumbnail]
  -map [poster] -frames:v 1 -q:v 3 @poster.jpg
  -map [thumbnail] -frames:v 1 -q:v 3 @thumbnail.jpg`);

/** Preview, sprite, loudness, samples for the waveform: one decode. */
const PREVIEW = words(`
  -filter_complex [0:v]split[a][b];[a]scale=1280:720,format=yuv420p[v];[b]fps=1,scale=160:90,tile=10x1[s]
  -map [v] -map 0:a:0 -c:v libx264 -preset veryfast -profile:v high -crf 23 -maxrate 4M -bufsize 8M
  -g 60 -c:a aac -aac_coder fast -b:a 128k -movflags +faststart @preview.mp4
  -map [s] -frames:v 1 -q:v 4 @sprite.jpg
  -map 0:a:0 -af ebur128=peak=true:framelog=quiet -f null -
  -map 0:a:0 -c:a pcm_s16le -f wav /dev/null`);
