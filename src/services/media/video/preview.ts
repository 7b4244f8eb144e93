import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { FfmpegEnd } from '../../../providers/ffmpeg-process.ts';
import { corrupt } from '../media-error.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import type { VideoTimes } from './open.ts';
import { buildConstantRateFilter, buildEndingFilter, fitWithin, type Size } from './picture.ts';
import { readProgress } from './progress.ts';
import { type Rate, toFramesPerSecond } from './rate.ts';
import type { Shape } from './shape.ts';
import { buildAacOutput, buildSoundOutputs, type MeasuredSound, makeSoundMeter } from './sound.ts';
import type { SourceFrames } from './source-frames.ts';
import { buildSpriteFilter, buildSpriteOutput, type SpritePlan } from './sprite.ts';
import { buildRun, THREADS, type VideoWork } from './work.ts';

/** What one decode of the whole video produces. */
export interface PreviewPlan {
  size: Size;
  rate: Rate;
  times: VideoTimes;
  hasSound: boolean;
  /** null if the sprite exists already. */
  sprite: SpritePlan | null;
}

export interface EncodedPreview {
  preview: DerivativeFile;
  heard: MeasuredSound | null;
  /** Length of the decoded pictures, including the frozen last frame. */
  seconds: number;
  /** Whether the size of the picture changes in mid-stream. */
  changesSize: boolean;
}

/** The size of the preview: at most 720p, landscape or portrait. */
export const computePreviewSize = (shape: Shape): Size => fitWithin(shape, 1280, 720);

/** Encoder options for H.264 with a keyframe every two seconds: fast to encode and to seek in. */
function buildH264Options({ rate }: { rate: Rate }): string[] {
  const group = String(Math.round(2 * toFramesPerSecond(rate)));
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '23'],
    ...['-maxrate', '4M', '-bufsize', '8M', '-g', group, '-threads', String(THREADS)],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
  ];
}

/**
 * Decodes the file once, and makes preview, sprite (if planned), waveform and loudness in the same
 * pass.
 * @throws MediaError
 */
export async function makePreview(
  work: VideoWork,
  plan: PreviewPlan,
  onSeconds: (seconds: number) => void,
): Promise<EncodedPreview> {
  const { index } = work.container.video;
  const path = join(work.workDir, 'preview.mp4');
  const sound = makeSoundMeter();
  let frames = 0;
  const track = work.container.audio ?? { index: 0, channels: 2 };
  const outputs = [
    ...[
      '-progress',
      'pipe:1',
      '-filter_complex',
      buildGraph(index, plan, work.frames),
      '-map',
      '[preview]',
    ],
    ...(plan.hasSound ? ['-map', `0:a:${track.index}`, ...buildAacOutput(track.channels)] : []),
    ...[...buildH264Options(plan), '-movflags', '+faststart', '-f', 'mp4', 'file:preview.mp4'],
    ...(plan.sprite ? buildSpriteOutput('sprite') : []),
    ...(plan.hasSound ? buildSoundOutputs(track, 'pipe:3') : []),
  ];
  const onProgress = readProgress((progress) => {
    frames = progress.frames;
    onSeconds(progress.seconds);
  });
  const end = await runFfmpeg({
    ...buildRun(work, plan.times.seconds, plan.hasSound),
    outputs,
    sinks: [onProgress, ...(plan.hasSound ? [sound.add] : [])],
  });
  await refuseFailedPreview(end, path);
  if (frames === 0) throw corrupt('There is no picture in this video.');
  const size = (await stat(path)).size;
  return {
    preview: { name: 'preview', path, contentType: 'video/mp4', size, ...plan.size },
    heard: plan.hasSound ? sound.finish(end.log) : null,
    seconds: frames / toFramesPerSecond(plan.rate),
    changesSize: hasSizeChange(end.log),
  };
}

/** ffmpeg logs when a frame differs from the one before in size, format or colour. */
export function hasSizeChange(log: string): boolean {
  const changes = log.matchAll(
    /filter context - w: (\d+) h: (\d+) .* incoming frame - w: (\d+) h: (\d+) /g,
  );
  return [...changes].some(([, w, h, newW, newH]) => w !== newW || h !== newH);
}

async function refuseFailedPreview(end: FfmpegEnd, path: string): Promise<void> {
  if (end.exitCode !== 0) await rm(path, { force: true });
  refuseFailure(end, 'video');
}

function buildGraph(index: number, plan: PreviewPlan, frames: SourceFrames): string {
  const { size, rate, times } = plan;
  const preview = buildConstantRateFilter(size, frames, rate) + buildEndingFilter(times, rate);
  if (!plan.sprite) return `[0:v:${index}]${preview}[preview]`;
  return [
    `[0:v:${index}]split=2[a][b];[a]${preview}[preview]`,
    `[b]${buildSpriteFilter(plan.sprite)}[sprite]`,
  ].join(';');
}
