import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { FFMPEG } from './audio.ts';

const run = promisify(execFile);

/** What another reader than ours finds in a file: ffmpeg's own, unguarded. */
export interface Independent {
  seconds: number;
  video?: {
    codec: string;
    /** As it is shown: square of pixel, upright. */
    width: number;
    height: number;
    rotation: number;
    /** On average, and as it guesses it is meant: of fragments the first counts a gap at the end. */
    frameRates: number[];
  };
  audio?: { codec: string; sampleRate: number; channels: number };
}

/** What `ffmpeg -i` tells of a video or a recording; how long its sound is, it decodes to know. */
export async function readByFfmpeg(path: string): Promise<Independent> {
  const { stderr } = await run(FFMPEG, ['-hide_banner', '-i', path]).catch(
    (error: { stderr: string }) => error, // it has nothing to do, and says so
  );
  const line = (kind: string) =>
    stderr.split('\n').find((text) => text.includes(`: ${kind}: `) && !/attached pic/.test(text));
  const [picture, sound] = [line('Video'), line('Audio')];
  const [, hours, minutes, rest] = /Duration: (\d+):(\d+):([\d.]+)/.exec(stderr) ?? [];
  const audio = sound ? soundOf(sound) : undefined;
  return {
    seconds:
      audio && !picture
        ? await decodedSeconds(path, audio)
        : Number(hours) * 3600 + Number(minutes) * 60 + Number(rest),
    ...(picture && { video: pictureOf(picture, stderr) }),
    ...(audio && { audio }),
  };
}

function pictureOf(line: string, all: string): NonNullable<Independent['video']> {
  const [, coded = 0, height = 0] = (/, (\d+)x(\d+)/.exec(line) ?? []).map(Number);
  const [, across = 1, down = 1] = (/SAR (\d+):(\d+)/.exec(line) ?? []).map(Number);
  const width = Math.round((coded * across) / down);
  const turn = Number(/rotation of (-?[\d.]+) degrees/.exec(all)?.[1] ?? 0);
  const rotation = (360 - Math.round(turn)) % 360;
  const isTurned = rotation % 180 !== 0;
  return {
    codec: /Video: (\w+)/.exec(line)?.[1] ?? '',
    ...(isTurned ? { width: height, height: width } : { width, height }),
    rotation,
    frameRates: [...line.matchAll(/([\d.]+) (?:fps|tbr)/g)].map(([, rate]) => Number(rate)),
  };
}

/** ffmpeg's names of layouts, and how many channels each has. */
const LAYOUTS: Record<string, number> = {
  mono: 1,
  stereo: 2,
  '2.1': 3,
  quad: 4,
  '5.1': 6,
  '7.1': 8,
};

function soundOf(line: string): NonNullable<Independent['audio']> {
  const [, layout = ''] = /\d+ Hz, ([\w.]+)/.exec(line) ?? [];
  return {
    codec: /Audio: (\w+)/.exec(line)?.[1] ?? '',
    sampleRate: Number(/(\d+) Hz/.exec(line)?.[1]),
    channels: LAYOUTS[layout] ?? Number(layout),
  };
}

async function decodedSeconds(
  path: string,
  { sampleRate }: { sampleRate: number },
): Promise<number> {
  const args = ['-v', 'error', '-i', path, '-map', '0:a:0', '-ac', '1', '-f', 'u8', '-'];
  const { stdout } = await run(FFMPEG, args, { encoding: 'buffer', maxBuffer: 2 ** 30 });
  return stdout.length / sampleRate;
}

/** What sharp tells of an image's head, and ffmpeg of its sides where it can. */
export async function readBySharp(path: string) {
  const {
    format,
    width,
    height,
    orientation = 1,
    hasAlpha,
    pages = 1,
    compression,
  } = await sharp(path).metadata();
  const isTurned = orientation >= 5;
  return {
    format: format === 'heif' ? (compression === 'hevc' ? 'heic' : 'avif') : format,
    ...(isTurned ? { width: height, height: width } : { width, height }),
    ...{ orientation, hasAlpha, frames: pages },
  };
}

/** What ffmpeg logs of a run with these arguments. */
export async function ffmpegLog(...args: string[]): Promise<string> {
  return (await run(FFMPEG, ['-hide_banner', '-nostats', ...args], { maxBuffer: 1 << 26 })).stderr;
}

/** The samples of a recording at this rate: the first channel, or all. */
export async function samplesOf(path: string, rate = 44_100, channels = 1): Promise<Float32Array> {
  const pick = channels === 1 ? ['-af', 'pan=mono|c0=c0'] : [];
  const args = ['-v', 'error', '-i', path, '-map', '0:a', ...pick];
  const { stdout } = await run(FFMPEG, [...args, '-ar', String(rate), '-f', 'f32le', '-'], {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
  });
  return new Float32Array(stdout.buffer, stdout.byteOffset, stdout.length / 4);
}

/** The picture at a time, as bytes of red, green and blue. */
export async function frameOf(path: string, seconds: number): Promise<Buffer> {
  const args = ['-v', 'error', '-ss', String(seconds), '-i', path, '-frames:v', '1'];
  const rgb = [
    '-vf',
    'scale=in_color_matrix=bt709:out_color_matrix=bt709',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ];
  return (await run(FFMPEG, [...args, ...rgb], { encoding: 'buffer', maxBuffer: 1 << 26 })).stdout;
}
