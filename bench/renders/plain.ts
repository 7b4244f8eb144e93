import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  buildLevelFilter,
  correctLevels,
  planLevels,
} from '../../src/services/exports/sound/loudness.ts';
import { readLoudness } from '../../src/services/media/audio/analysis/loudness.ts';
import { type Originals, PICTURE_SECONDS, type RenderKind, SIZE, SONG_SECONDS } from './inputs.ts';

const run = promisify(execFile);

// The same files with the same settings of the encoders, as somebody would make them by hand: one command
// line for the pictures, without limits, allow-lists, segments, or S3. The sound is as loud as ours: it is
// measured, encoded, measured, and encoded again while it is off.

const METER = 'ebur128=peak=true:framelog=quiet';
const TARGET = { target: -14, truePeak: -1 };
const MOST_ROUNDS = 6;

/** Renders by ffmpeg alone. @returns how often the sound was encoded */
export async function renderPlainly(
  ffmpeg: string,
  folder: string,
  originals: Originals,
  kind: RenderKind,
): Promise<number> {
  const call = (...args: string[]) => run(ffmpeg, ['-nostats', '-y', ...args], { cwd: folder });
  const isSong = kind === 'SONG';
  const seconds = isSong ? SONG_SECONDS : PICTURE_SECONDS;
  const rate = isSong ? 44_100 : 48_000;
  const source = ['-t', String(seconds), '-i', originals.song.path];
  const codec = isSong ? ['-c:a', 'libmp3lame', '-q:a', '0'] : ['-c:a', 'aac', '-b:a', '256k'];
  const target = join(folder, isSong ? 'plain.mp3' : 'plain.m4a');
  const measure = async (...input: string[]) =>
    readLoudness((await call(...input, '-af', METER, '-f', 'null', '-')).stderr, seconds);
  let levels = planLevels(TARGET, await measure(...source), seconds);
  let rounds = 0;
  for (;;) {
    rounds++;
    const filter = `aresample=${rate},${buildLevelFilter(levels, rate)}`;
    await call(...source, '-af', filter, ...codec, target);
    const next = correctLevels(levels, TARGET, await measure('-i', target), seconds);
    if (!next || rounds === MOST_ROUNDS) break;
    levels = next;
  }
  if (!isSong) await call(...describePictures(originals, kind, target));
  return rounds;
}

const { width, height, fps } = SIZE;
const H264 = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '20'],
  ...['-g', String(2 * fps), '-pix_fmt', 'yuv420p', '-r', String(fps), '-movflags', '+faststart'],
];

/** The command that draws all pictures and adds the sound. */
function describePictures({ images, video }: Originals, kind: RenderKind, sound: string): string[] {
  const end = [
    '-map',
    '[out]',
    '-c:a',
    'copy',
    ...H264,
    '-t',
    String(PICTURE_SECONDS),
    'plain.mp4',
  ];
  if (kind === 'VIDEOS') {
    const inputs = ['-stream_loop', '-1', '-i', video.path, '-i', sound];
    return [
      ...inputs,
      '-filter_complex',
      `[0:v]scale=${width}:${height}[out]`,
      '-map',
      '1:a',
      ...end,
    ];
  }
  const cover = (factor: number) => {
    const size = `${width * factor}:${height * factor}`;
    return `scale=${size}:force_original_aspect_ratio=increase,crop=${size}`;
  };
  if (kind === 'VISUALIZER') {
    const waves = `showwaves=s=${width}x${height / 3}:mode=cline:rate=${fps}:colors=0xffffff:scale=sqrt:draw=full`;
    const graph = [
      `[0:v]${cover(1)},loop=loop=-1:size=1,setpts=N/${fps}/TB,fps=${fps}[back]`,
      `[1:a]aformat=channel_layouts=mono,${waves},format=rgba[waves]`,
      '[back][waves]overlay=x=(W-w)/2:y=(H-h)/2[out]',
    ];
    const inputs = ['-i', images[0]?.path ?? '', '-i', sound];
    return [...inputs, '-filter_complex', graph.join(';'), '-map', '1:a', ...end];
  }
  const each = (PICTURE_SECONDS * fps) / images.length;
  const frames = Math.round(each + fps);
  const graph = images.map(
    (_, n) =>
      `[${n}:v]${cover(2)},zoompan=z='1+0.12*on/${frames}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d=${frames}:s=${width}x${height}:fps=${fps},setsar=1[s${n}]`,
  );
  for (let n = 1; n < images.length; n++) {
    const before = n === 1 ? '[s0]' : `[x${n - 1}]`;
    const after = n === images.length - 1 ? '[out]' : `[x${n}]`;
    graph.push(
      `${before}[s${n}]xfade=transition=fade:duration=1:offset=${(n * each) / fps}${after}`,
    );
  }
  const inputs = [...images.flatMap(({ path }) => ['-i', path]), '-i', sound];
  return [...inputs, '-filter_complex', graph.join(';'), '-map', `${images.length}:a`, ...end];
}
