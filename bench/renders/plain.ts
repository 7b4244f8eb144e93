import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readLoudness } from '../../src/services/media/audio/analysis/loudness.ts';
import { SONG_SECONDS } from './inputs.ts';
import { SIZE, TARGET } from './plans.ts';

const run = promisify(execFile);

// The same files by plain command lines of ffmpeg alone, with the same filters and settings of the encoders: without
// limits and allow-lists, with all inputs in one graph, and without progress. As there, the sound is measured,
// brought to its target, and what was encoded is measured again.

/** Where ffmpeg is, and the folder for what it makes. */
export interface Plain {
  ffmpeg: string;
  folder: string;
}

/** Renders songs in sequence, two seconds of each over the next, as MP3. */
export async function renderSound(plain: Plain, songs: string[]): Promise<void> {
  const clips = songs.map((_, n) => `[${n}:a]${STEREO}[c${n}]`).join(';');
  const all = songs.map((_, n) => `[c${n}]`).join('');
  const graph = `${clips};${all}acrossfade=inputs=${songs.length}:ns=88200:c1=qsin:c2=qsin`;
  const levels = await planLevels(plain, songs, graph);
  await call(plain, songs, `${graph},${levels}[out]`, [
    ...['-map', '[out]', '-c:a', 'libmp3lame', '-q:a', '0', join(plain.folder, 'plain.mp3')],
  ]);
  await measure(plain, 'plain.mp3');
}

/** Renders pictures that move and fade over each other, to a song. */
export async function renderSlideshow(
  plain: Plain,
  song: string,
  pictures: string[],
  seconds: number,
): Promise<void> {
  const { width, height, fps } = SIZE;
  const large = `${2 * width}:${2 * height}`;
  const frames = Math.round((seconds * fps) / pictures.length);
  const slides = pictures.map((_, n) => {
    const count = n + 1 < pictures.length ? frames + fps : frames;
    const zoom = n % 2 === 0 ? `1+0.12*on/${count}` : `1+0.12-0.12*on/${count}`;
    const filters = [
      `scale=${large}:force_original_aspect_ratio=increase:out_color_matrix=bt709:out_range=tv`,
      `crop=${large},format=yuv420p`,
      `zoompan=z='${zoom}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d=${count}:s=${width}x${height}:fps=${fps}`,
      'setsar=1',
    ];
    return `[${n + 1}:v]${filters.join(',')}[s${n}]`;
  });
  const fades = pictures.slice(1).map((_, n) => {
    const last = n === 0 ? '[s0]' : `[x${n - 1}]`;
    const offset = ((n + 1) * frames) / fps;
    return `${last}[s${n + 1}]xfade=transition=fade:duration=1:offset=${offset}[x${n}]`;
  });
  const graph = [...slides, ...fades, `[x${fades.length - 1}]format=yuv420p[v]`].join(';');
  await renderVideo(plain, [song, ...pictures], graph, seconds);
}

/** Renders the waves of a song over a colour. */
export async function renderWaves(plain: Plain, song: string, seconds: number): Promise<void> {
  const { width, height, fps } = SIZE;
  const waves = `showwaves=s=${width}x${height / 3}:mode=cline:rate=${fps}:colors=0xffffff:scale=sqrt:draw=full`;
  const graph = [
    `color=c=0x101020:s=${width}x${height}:r=${fps},format=yuv420p[back]`,
    `[0:a]aformat=channel_layouts=mono,${waves},format=rgba[drawn]`,
    '[back][drawn]overlay=x=(W-w)/2:y=(H-h)/2:shortest=0:eof_action=repeat,format=yuv420p[v]',
  ];
  await renderVideo(plain, [song], graph.join(';'), seconds);
}

async function renderVideo(
  plain: Plain,
  inputs: string[],
  graph: string,
  seconds: number,
): Promise<void> {
  const sound = `[0:a]${STEREO},atrim=end=${seconds}`;
  const levels = await planLevels(plain, inputs.slice(0, 1), sound);
  await call(plain, inputs, `${graph};${sound},${levels}[a]`, [
    ...['-map', '[v]', '-map', '[a]', '-t', String(seconds), '-r', String(SIZE.fps)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '20'],
    ...['-g', String(2 * SIZE.fps), '-c:a', 'aac', '-b:a', '256k', '-movflags', '+faststart'],
    join(plain.folder, 'plain.mp4'),
  ]);
  await measure(plain, 'plain.mp4');
}

/** Measures a sound. @returns the filter that brings it to its target */
async function planLevels(plain: Plain, inputs: string[], graph: string): Promise<string> {
  const log = await call(plain, inputs, `${graph},${METER}[m]`, ['-map', '[m]', '-f', 'null', '-']);
  const { integratedLufs } = readLoudness(log, SONG_SECONDS);
  if (integratedLufs === null) throw new Error('ffmpeg measured no loudness.');
  const gain = TARGET.target - integratedLufs;
  const limit = (10 ** ((TARGET.truePeak - 0.2) / 20)).toFixed(5);
  const limiter = `alimiter=limit=${limit}:attack=5:release=50:level=disabled:latency=1`;
  return `volume=${gain}dB,aresample=176400,${limiter},aresample=44100`;
}

async function measure({ ffmpeg, folder }: Plain, name: string): Promise<void> {
  const sound = ['-i', join(folder, name), '-map', '0:a:0', '-af', METER];
  await run(ffmpeg, ['-nostats', ...sound, '-f', 'null', '-']);
}

async function call(
  { ffmpeg }: Plain,
  inputs: string[],
  graph: string,
  outputs: string[],
): Promise<string> {
  const files = inputs.flatMap((path) => ['-i', path]);
  const all = ['-nostats', '-y', ...files, '-filter_complex', graph, ...outputs];
  return (await run(ffmpeg, all, { maxBuffer: 2 ** 26 })).stderr;
}

const STEREO = 'aformat=channel_layouts=stereo,aresample=44100';
const METER = 'ebur128=peak=true:framelog=quiet';
