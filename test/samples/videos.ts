import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DerivativeFile, Probed, ProcessorInput } from '../../src/services/media/processor.ts';
import type { VideoFacts } from '../../src/services/media/video/facts.ts';
import { VIDEO_LIMITS, type VideoLimits } from '../../src/services/media/video/limits.ts';
import { processWithin } from '../../src/services/media/video/process.ts';
import type { MediaWarning } from '../../src/services/media/warning.ts';
import { FFMPEG } from './audio.ts';

const run = promisify(execFile);

/** A moving picture, and a tone of the same length: what ffmpeg makes files of. */
export function film(size = '320x180', seconds = 2, rate = '25', channels = 1): string[] {
  const tone =
    channels === 2
      ? `sine=d=${seconds}:r=48000,pan=stereo|c0=c0|c1=c0`
      : `sine=d=${seconds}:r=48000`;
  return [...silent(size, seconds, rate), '-f', 'lavfi', '-i', tone];
}

export const silent = (size = '320x180', seconds = 2, rate = '25'): string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`],
];

/** The encoders, quick, as they are named by what they make. */
export const ENCODED: Record<string, string[]> = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
  hevc: [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-x265-params',
    'log-level=none',
    '-tag:v',
    'hvc1',
  ],
  vp8: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
  av1: ['-c:v', 'libsvtav1', '-preset', '13', '-pix_fmt', 'yuv420p'],
  mpeg4: ['-c:v', 'mpeg4', '-q:v', '5'],
  prores: ['-c:v', 'prores_ks'],
  mjpeg: ['-c:v', 'mjpeg', '-q:v', '5'],
};

export interface SeenVideo {
  contentType: string;
  facts: VideoFacts;
  metadata: object;
  warnings: MediaWarning[];
  probed: Probed;
  derivatives: DerivativeFile[];
  files: Record<string, Buffer>;
  progress: number[];
}

/** Processes a file in a folder of its own; anything else left behind is an error. */
export async function processedVideo(
  path: string,
  more: Partial<ProcessorInput> & { limits?: Partial<VideoLimits> } = {},
): Promise<SeenVideo> {
  const workDir = await mkdtemp(join(tmpdir(), 'mixdown-work-'));
  const progress: number[] = [];
  const derivatives: DerivativeFile[] = [];
  let probed: Probed | undefined;
  const { limits, ...input } = more;
  try {
    const done = await processWithin({ ...VIDEO_LIMITS, ...limits })({
      ...{ path, workDir, ffmpeg: FFMPEG, signal: new AbortController().signal },
      onProgress: (percent) => progress.push(percent),
      onProbed: async (found) => {
        probed = found;
      },
      onDerivative: async (file) => {
        derivatives.push(file);
      },
      ...input,
    });
    if (!probed) throw new Error('It was never said what is in it');
    const files: Record<string, Buffer> = {};
    for (const file of derivatives) files[file.name] = await readFile(file.path);
    const left = await readdir(workDir);
    if (left.length !== derivatives.length) throw new Error(`Left behind: ${left}`);
    const facts = done.facts as unknown as VideoFacts; // what this processor alone gives out
    return { ...done, facts, probed, derivatives, files, progress };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** What plain ffmpeg says of a file, and how many frames it decodes. */
export async function seenByFfmpeg(path: string) {
  const { stderr } = await run(FFMPEG, ['-hide_banner', '-nostats', '-i', path]).catch(
    (error: { stderr: string }) => error, // it has nothing to do, and says so
  );
  const video = stderr.split('\n').find((line) => /Stream #0:\d.*: Video: /.test(line)) ?? '';
  const audio = stderr.split('\n').find((line) => /Stream #0:\d.*: Audio: /.test(line)) ?? '';
  const [, hours, minutes, seconds] = /Duration: (\d+):(\d+):([\d.]+)/.exec(stderr) ?? [];
  const [, width, height] = /, (\d+)x(\d+)/.exec(video) ?? [];
  return {
    seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
    ...{ width: Number(width), height: Number(height) },
    codec: /Video: (\w+)/.exec(video)?.[1],
    pixelFormat: /, (yuvj?\d\w*)/.exec(video)?.[1],
    frameRate: Number(/([\d.]+) fps/.exec(video)?.[1]),
    rotation: Number(/rotation of (-?[\d.]+) degrees/.exec(stderr)?.[1] ?? 0),
    audio: audio && {
      codec: /Audio: (\w+)/.exec(audio)?.[1],
      sampleRate: Number(/(\d+) Hz/.exec(audio)?.[1]),
      channels: /stereo/.test(audio) ? 2 : 1,
    },
  };
}

/** How many frames plain ffmpeg decodes of a file, and their times in seconds. */
export async function framesOf(path: string): Promise<number[]> {
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough'];
  const { stdout } = await run(FFMPEG, [...args, '-f', 'framecrc', '-'], { maxBuffer: 2 ** 26 });
  const [, over = '1', under = '1'] = /#tb 0: (\d+)\/(\d+)/.exec(stdout) ?? [];
  const lines = stdout.split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => (Number(line.split(',')[2]) * Number(over)) / Number(under));
}

/** The mean of a picture's (or the first frame's) grey, and how far its pixels stand from it. */
export async function greyOf(path: string): Promise<{ mean: number; deviation: number }> {
  const args = ['-v', 'error', '-i', path, '-vf', 'scale=64:36', '-frames:v', '1'];
  const raw = ['-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
  const { stdout } = await run(FFMPEG, [...args, ...raw], { encoding: 'buffer' });
  const mean = stdout.reduce((sum, value) => sum + value, 0) / stdout.length;
  const variance = stdout.reduce((sum, value) => sum + (value - mean) ** 2, 0) / stdout.length;
  return { mean, deviation: Math.sqrt(variance) };
}
