import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { FfmpegProcess } from '../../../providers/ffmpeg-process.ts';
import { fetchOriginal } from '../../media/original.ts';
import { refuseFailure } from '../../media/refuse-failure.ts';
import { openVideo } from '../../media/video/open.ts';
import { buildResizeFilter } from '../../media/video/picture.ts';
import type { SourceFrames } from '../../media/video/source-frames.ts';
import { buildRun } from '../../media/video/work.ts';
import type { RenderDir } from '../sound/run.ts';
import type { PicturePlan, Videos } from './picture-plan.ts';
import type { Script, Segment, Shot } from './script.ts';

interface ShotOutput {
  /** The filters that every picture ends with. */
  finish: string;
  outputs(graph: string): string[];
  sinks: NonNullable<FfmpegProcess['sinks']>;
}

/**
 * Renders a segment that shows a piece of an uploaded video: the run that reads it is as guarded as any over
 * what clients sent.
 */
export async function renderShot(
  dir: RenderDir,
  script: Script,
  segment: Segment,
  { finish, outputs, sinks }: ShotOutput,
): Promise<void> {
  const { plan, shots } = script;
  const shot = shots.find(({ from, to }) => segment.from >= from && segment.from < to) as Shot;
  const video = (plan.show as Videos).videos[shot.video] as Videos['videos'][number];
  const path = join(dir.workDir, `video-${shot.video}`);
  if (!(await exists(path))) {
    await fetchOriginal({ filePath: video.source.key, etag: video.source.etag }, path, dir.signal);
  }
  const { width, height, hdr } = video;
  const opened = await openVideo({ ...dir, path, shape: { width, height, hdr } });
  const from = shot.at + (segment.from - shot.from) / plan.fps;
  const seconds = (segment.to - segment.from) / plan.fps;
  const { input, ...bounds } = buildRun(opened.work, seconds);
  const { index } = opened.work.container.video;
  const graph = `[0:v:${index}]${buildFit(plan, video, opened.work.frames)},setpts=PTS-STARTPTS,${finish}[out]`;
  const end = await runFfmpeg({
    ...bounds,
    deadlineMs: 2 * bounds.deadlineMs,
    input: { ...input, fromSeconds: from, maxSeconds: seconds + 0.5 },
    outputs: outputs(graph),
    sinks,
  });
  refuseFailure(end, 'video');
}

/** A picture of nearly the same shape is cropped; another one stands between bars. */
const MOST_CROPPED = 0.35;

function buildFit(
  { width, height }: PicturePlan,
  video: Videos['videos'][number],
  frames: SourceFrames,
): string {
  const [wide, high] = [width / video.width, height / video.height];
  const cropped = 1 - Math.min(wide, high) / Math.max(wide, high);
  const factor = cropped <= MOST_CROPPED ? Math.max(wide, high) : Math.min(wide, high);
  const even = (length: number) => 2 * Math.max(1, Math.round((length * factor) / 2));
  const size = { width: even(video.width), height: even(video.height) };
  const place =
    cropped <= MOST_CROPPED
      ? `crop=${width}:${height}`
      : `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`;
  return `${buildResizeFilter(size, frames, 'VIDEO')},format=yuv420p,${place}`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
