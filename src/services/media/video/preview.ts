import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FfmpegEnd, runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import type { Times } from './open.ts';
import { ending, evenly, type Size, within } from './picture.ts';
import { progressLines } from './progress.ts';
import { perSecond, type Rate } from './rate.ts';
import type { Shape } from './shape.ts';
import { AAC, type Heard, soundMeter, soundOutputs } from './sound.ts';
import { type SpritePlan, spriteFilter, spriteTo } from './sprite.ts';
import { reading, THREADS, type Work } from './work.ts';

/** What is made in one decode of the whole. */
export interface PreviewPlan {
  size: Size;
  rate: Rate;
  shape: Shape;
  times: Times;
  hasSound: boolean;
  /** null where it is made already. */
  sprite: SpritePlan | null;
}

export interface Made {
  preview: DerivativeFile;
  heard: Heard | null;
  /** Of the pictures that were decoded, and of the last one standing still. */
  seconds: number;
}

/** At most 720p, whichever way it stands. */
export const previewSize = (shape: Shape): Size => within(shape, 1280, 720);

/** H.264 with a keyframe every two seconds: quick to make, to seek in and to cut. */
export function h264({ rate }: { rate: Rate }): string[] {
  const group = String(Math.round(2 * perSecond(rate)));
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '23'],
    ...['-maxrate', '4M', '-bufsize', '8M', '-g', group, '-threads', String(THREADS)],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
  ];
}

/**
 * Decodes the file once: preview, sprite (where asked for), waveform and loudness come of it at the
 * same time.
 * @throws MediaError
 */
export async function makePreview(
  work: Work,
  plan: PreviewPlan,
  onSeconds: (seconds: number) => void,
): Promise<Made> {
  const { index } = work.container.video;
  const path = join(work.workDir, 'preview.mp4');
  const sound = soundMeter();
  let frames = 0;
  const sound0 = work.container.audio?.index ?? 0;
  const outputs = [
    ...['-progress', 'pipe:1', '-filter_complex', graphOf(index, plan), '-map', '[preview]'],
    ...(plan.hasSound ? ['-map', `0:a:${sound0}`, ...AAC] : []),
    ...[...h264(plan), '-movflags', '+faststart', '-f', 'mp4', 'file:preview.mp4'],
    ...(plan.sprite ? spriteTo('sprite') : []),
    ...(plan.hasSound ? soundOutputs(sound0, 'pipe:3') : []),
  ];
  const onProgress = progressLines((progress) => {
    frames = progress.frames;
    onSeconds(progress.seconds);
  });
  const end = await runFfmpeg({
    ...reading(work, plan.times.seconds, plan.hasSound),
    outputs,
    sinks: [onProgress, ...(plan.hasSound ? [sound.add] : [])],
  });
  await refuse(end, path);
  if (frames === 0) throw corrupt('There is no picture in this video.');
  const size = (await stat(path)).size;
  return {
    preview: { name: 'preview', path, contentType: 'video/mp4', size, ...plan.size },
    heard: plan.hasSound ? sound.result(end.log) : null,
    seconds: frames / perSecond(plan.rate),
  };
}

async function refuse(end: FfmpegEnd, path: string): Promise<void> {
  if (end.exitCode !== 0) await rm(path, { force: true });
  refuseFailure(end, 'video');
}

function graphOf(index: number, plan: PreviewPlan): string {
  const { size, shape, rate, times } = plan;
  const preview = evenly(size, shape.hdr, rate) + ending(times, rate);
  if (!plan.sprite) return `[0:v:${index}]${preview}[preview]`;
  return [
    `[0:v:${index}]split=2[a][b];[a]${preview}[preview]`,
    `[b]${spriteFilter(plan.sprite)}[sprite]`,
  ].join(';');
}
