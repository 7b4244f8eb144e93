import { join } from 'node:path';
import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { buildSplitGraph } from './ladder.ts';
import type { OpenVideo } from './open.ts';
import { hasSizeChange } from './preview.ts';
import { readProgress } from './progress.ts';
import { type Rate, toFramesPerSecond } from './rate.ts';
import { buildEncoderOptions, type Rendition } from './renditions.ts';
import { nameSegmentFile, type Segment } from './segment-plan.ts';
import { buildAacOutput, buildSoundOutputs, type MeasuredSound, makeSoundMeter } from './sound.ts';
import { buildRun } from './work.ts';

/** One segment to encode. */
export interface SegmentTask {
  segment: Segment;
  /** Its index, from 0. */
  number: number;
  /** Each becomes a file, `720p-3.mp4`; the preview counts as one. */
  renditions: readonly Rendition[];
}

export interface EncodedSegment {
  /** The paths of its files. */
  paths: string[];
  /**
   * Whether the size of the picture changes in it. A change at a cut is seen by the segment after it,
   * since decoding begins at a keyframe before the cut.
   */
  changesSize: boolean;
}

/** Encodes one segment, without sound. @throws MediaError */
export async function encodeSegment(
  { work, frameFormat, pictures }: OpenVideo,
  { segment, number, renditions }: SegmentTask,
  onProgress: (percent: number) => void,
): Promise<EncodedSegment> {
  const seconds = segment.to - segment.from;
  const { from, filter } = planDecoding(segment, pictures.times, frameFormat.rate);
  const { input: read, ...bounds } = buildRun(work, seconds * renditions.length);
  const names = renditions.map(({ name }) => nameSegmentFile(name, number));
  const end = await runFfmpeg({
    ...bounds,
    input: {
      ...read,
      fromSeconds: from,
      maxSeconds: segment.isLast ? read.maxSeconds : segment.to - from + 0.5,
    },
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex'],
      buildSplitGraph(renditions, frameFormat, work.container.video.index, filter, work.frames),
      ...renditions.flatMap((rendition, n) => [
        ...['-map', `[v${n}]`, ...buildEncoderOptions(rendition, frameFormat.rate)],
        ...['-f', 'mp4', `file:${names[n]}`],
      ]),
    ],
    sinks: [
      readProgress((progress) => onProgress(Math.min(99, (progress.seconds / seconds) * 100))),
    ],
  });
  refuseFailure(end, 'video');
  return {
    paths: names.map((name) => join(work.workDir, name)),
    changesSize: hasSizeChange(end.log),
  };
}

/**
 * Where decoding begins for a segment, and the filter that turns the decoded frames into those of
 * the segment.
 */
function planDecoding({ from, to }: Segment, times: readonly number[], rate: Rate) {
  const frames = Math.round((to - from) * toFramesPerSecond(rate));
  // A quarter of a frame early, so that a frame exactly at the cut is not lost by rounding.
  const early = from > 0 ? 0.25 / toFramesPerSecond(rate) : 0;
  const next = times.find((time) => time >= from - early) ?? Number.POSITIVE_INFINITY;
  const isStill = from > 0 && next > from + 1 / toFramesPerSecond(rate);
  // During a long still, the frame shown at the cut began earlier; or the first frame begins later.
  const shown = isStill ? (times.findLast((time) => time < from) ?? next) : from;
  const lead = Math.round((from - shown) * toFramesPerSecond(rate));
  const [before, after] = [Math.max(0, -lead), Math.max(0, lead)];
  const end = after + frames;
  return {
    from: shown - early,
    // Frames missing at the end are filled with the last one, as in an unsegmented encode.
    filter: [
      `,tpad=start=${before}:start_mode=clone:stop=${end}:stop_mode=clone`,
      `trim=start_frame=${after}:end_frame=${end},setpts=PTS-STARTPTS`,
    ].join(','),
  };
}

/** Encodes the sound of the whole video into `sound.m4a`, and measures it. @throws MediaError */
export async function encodeSound(
  { work, seconds }: OpenVideo,
  onProgress: (percent: number) => void,
): Promise<{ path: string; heard: MeasuredSound | null }> {
  const track = work.container.audio ?? { index: 0, channels: 2 };
  const meter = makeSoundMeter((done) => onProgress(Math.min(99, (done / seconds) * 100)));
  const end = await runFfmpeg({
    ...buildRun(work, seconds / 4, true),
    outputs: [
      ...[
        '-map',
        `0:a:${track.index}`,
        '-vn',
        ...buildAacOutput(track.channels),
        '-map_metadata',
        '-1',
        '-map_chapters',
        '-1',
      ],
      ...['-bitexact', '-f', 'ipod', 'file:sound.m4a', ...buildSoundOutputs(track, 'pipe:1')],
    ],
    sinks: [meter.add],
  });
  refuseFailure(end, 'video');
  return { path: join(work.workDir, 'sound.m4a'), heard: meter.finish(end.log) };
}
