import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { joinWithFfmpeg, runFfmpeg } from '../../../providers/ffmpeg.ts';
import type { DerivativeFile } from '../processor.ts';
import { refuseFailure } from '../refuse-failure.ts';
import {
  hlsTo,
  readPart,
  type Stream,
  type StreamFile,
  type StreamPart,
  writeMaster,
} from './hls.ts';
import { splitInto } from './ladder.ts';
import type { OpenVideo } from './open.ts';
import type { Size } from './picture.ts';
import { progressLines } from './progress.ts';
import { perSecond, type Rate } from './rate.ts';
import { encodedAs, groupOf, type Rendition } from './renditions.ts';
import type { Shape } from './shape.ts';
import { AAC, type Heard, soundMeter, soundOutputs } from './sound.ts';
import { reading } from './work.ts';

/** From and to, in seconds of the whole: what one worker encodes. */
export interface Segment {
  from: number;
  to: number;
  /** It ends where the video does, wherever that is. */
  isLast: boolean;
}

/** A worker also fetches, and hands over: the rest of its time. */
const USABLE = 0.7;
/** In seconds: a file may say that it is a little longer than its last frame. */
const SHORTEST = 1;
/** A segment is a whole number of those of an HLS stream: two groups of frames each. */
const GROUPS = 2;

/**
 * Cuts what one worker cannot encode in its time. Every cut is where a keyframe of ours is, so that
 * the segments are joined without being decoded.
 * @param speed seconds of the video that are encoded in a second
 */
export function cutSegments(
  seconds: number,
  millisecondsAvailable: number,
  speed: number,
  rate: Rate,
): Segment[] {
  const unit = (GROUPS * groupOf(rate)) / perSecond(rate);
  const most = Math.max(unit, (millisecondsAvailable / 1000) * USABLE * speed);
  const count = Math.max(1, Math.ceil(seconds / most));
  const length = unit * Math.max(1, Math.ceil(seconds / count / unit));
  const cuts = Array.from(
    { length: Math.max(1, Math.ceil((seconds - SHORTEST) / length)) },
    (_, n) => n * length,
  );
  return cuts.map((from, n) => {
    const to = cuts[n + 1];
    return { from, to: to ?? seconds, isLast: to === undefined };
  });
}

/** What is encoded of a video, and in which segments. */
export interface SegmentPlan {
  segments: Segment[];
  shape: Shape;
  rate: Rate;
  renditions: Rendition[];
  hasSound: boolean;
}

/** Seconds of work for a megapixel at 30 frames a second: of an ordinary decoder, and of our encoder. */
const [DECODE, ENCODE] = [0.2, 0.45];
/** The same of 1080p and its preview, which settings speak of. */
const USUAL = 2.07 * DECODE + 0.92 * ENCODE;
/** What is small is not that much quicker. */
const LEAST = 0.25;

/**
 * In which segments jobs encode a video: in one, if that is done in a job's time.
 * @param secondsPerJob of 1080p at 30 frames a second and its preview
 */
export function planSegments(
  { work, raster, shown, hasSound }: OpenVideo,
  renditions: Rendition[],
  secondsPerJob: number,
): SegmentPlan {
  const { shape, rate } = raster;
  const pixels = (of: Size, frames: number) => ((of.width * of.height) / 1e6) * (frames / 30);
  const decoded = pixels(shape, work.container.video.frameRate ?? 60) * DECODE;
  const encoded = renditions.reduce((sum, { size }) => sum + pixels(size, perSecond(rate)), 0);
  const load = Math.max(LEAST, (decoded + encoded * ENCODE) / USUAL);
  const segments = cutSegments(shown, (secondsPerJob / load) * 1000, 1, rate);
  return { segments, shape, rate, renditions, hasSound };
}

/** What is to be made of one segment. */
export interface SegmentTask {
  segment: Segment;
  /** Which of the segments it is, from 0. */
  number: number;
  /** Each gets a file, `720p-3.mp4`; the preview is one of them. */
  renditions: readonly Rendition[];
}

/** Encodes one segment, without sound. @throws MediaError */
export async function encodeSegment(
  { work, raster, pictures }: OpenVideo,
  { segment, number, renditions }: SegmentTask,
  onProgress: (percent: number) => void,
): Promise<string[]> {
  const seconds = segment.to - segment.from;
  const { from, filter } = cutFrom(segment, pictures.times, raster.rate);
  const { input: read, ...bounds } = reading(work, seconds * renditions.length);
  const names = renditions.map(({ name }) => segmentFile(name, number));
  const end = await runFfmpeg({
    ...bounds,
    input: {
      ...read,
      fromSeconds: from,
      maxSeconds: segment.isLast ? read.maxSeconds : segment.to - from + 0.5,
    },
    outputs: [
      ...['-progress', 'pipe:1', '-filter_complex'],
      splitInto(renditions, raster, work.container.video.index, filter),
      ...renditions.flatMap((rendition, n) => [
        ...['-map', `[v${n}]`, ...encodedAs(rendition, raster.rate)],
        ...['-f', 'mp4', `file:${names[n]}`],
      ]),
    ],
    sinks: [
      progressLines((progress) => onProgress(Math.min(99, (progress.seconds / seconds) * 100))),
    ],
  });
  refuseFailure(end, 'video');
  return names.map((name) => join(work.workDir, name));
}

/** Where to begin to decode for a segment, and what to do to the frames of that for those of the segment. */
function cutFrom({ from, to }: Segment, times: readonly number[], rate: Rate) {
  const frames = Math.round((to - from) * perSecond(rate));
  // A quarter of a frame early: what begins at the cut itself is not lost in rounding.
  const early = from > 0 ? 0.25 / perSecond(rate) : 0;
  const next = times.find((time) => time >= from - early) ?? Number.POSITIVE_INFINITY;
  const isStill = from > 0 && next > from + 1 / perSecond(rate);
  // Where a picture stands still, the one that shows here began before; or none has begun yet.
  const shown = isStill ? (times.findLast((time) => time < from) ?? next) : from;
  const lead = Math.round((from - shown) * perSecond(rate));
  const [before, after] = [Math.max(0, -lead), Math.max(0, lead)];
  const end = after + frames;
  return {
    from: shown - early,
    // A frame that is missing at the end is shown by the one before, as in the whole.
    filter: [
      `,tpad=start=${before}:start_mode=clone:stop=${end}:stop_mode=clone`,
      `trim=start_frame=${after}:end_frame=${end},setpts=PTS-STARTPTS`,
    ].join(','),
  };
}

/** Encodes the sound of the whole at once, `sound.m4a`, and listens to it. @throws MediaError */
export async function encodeSound(
  { work, seconds }: OpenVideo,
  onProgress: (percent: number) => void,
): Promise<{ path: string; heard: Heard | null }> {
  const index = work.container.audio?.index ?? 0;
  const meter = soundMeter((done) => onProgress(Math.min(99, (done / seconds) * 100)));
  const end = await runFfmpeg({
    ...reading(work, seconds / 4, true),
    outputs: [
      ...['-map', `0:a:${index}`, '-vn', ...AAC, '-map_metadata', '-1', '-map_chapters', '-1'],
      ...['-bitexact', '-f', 'ipod', 'file:sound.m4a', ...soundOutputs(index, 'pipe:1')],
    ],
    sinks: [meter.add],
  });
  refuseFailure(end, 'video');
  return { path: join(work.workDir, 'sound.m4a'), heard: meter.result(end.log) };
}

/** Segments that lie in `workDir` under the names that `encodeSegment` gave them. */
export interface JoinInput {
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
  segments: readonly Segment[];
  rate: Rate;
  /** Whether `sound.m4a` lies there, too. */
  hasSound: boolean;
}

/** The preview of its segments, with its sound: as if it had been made at once. */
export async function joinSegments(
  input: JoinInput,
  { size }: Pick<Rendition, 'size'>,
): Promise<DerivativeFile> {
  const sound = input.hasSound ? ['-map', '1:a:0', '-c:a', 'copy'] : [];
  await joinOne(input, 'preview', input.hasSound, [
    ...['-map', '0:v:0', '-c:v', 'copy', ...sound, '-map_metadata', '-1', '-bitexact'],
    ...['-movflags', '+faststart', '-f', 'mp4', 'file:preview.mp4'],
  ]);
  const path = join(input.workDir, 'preview.mp4');
  const bytes = (await stat(path)).size;
  return { name: 'preview', path, contentType: 'video/mp4', size: bytes, ...size };
}

/** Who brings the segments of a stream, and takes its files: a disk holds one rendition at a time. */
export interface Hauler {
  /** Brings the segments of a rendition to where they are joined; they are gone when it is. */
  bring(rendition: string): Promise<void>;
  /** Takes a file away. */
  take(file: StreamFile): Promise<void>;
}

/** The stream of the segments of its renditions, one after the other. */
export async function joinLadder(
  input: JoinInput,
  renditions: readonly Rendition[],
  { bring, take }: Hauler,
): Promise<Omit<Stream, 'files'>> {
  const { workDir, segments } = input;
  const plain = ['-map_metadata', '-1', '-bitexact'];
  const taken = async (name: string) => {
    const { part, files } = await readPart(workDir, name);
    for (const file of files) await take(file);
    return part;
  };
  const pictures: StreamPart[] = [];
  let audio: StreamPart | null = null;
  for (const { name, size } of renditions) {
    await bring(name);
    await joinOne(input, name, false, ['-map', '0:v:0', '-c', 'copy', ...plain, ...hlsTo(name)]);
    pictures.push({ ...(await taken(name)), ...size });
    if (input.hasSound && !audio) {
      const args = ['-map', '1:a:0', '-c', 'copy', ...plain, ...hlsTo('audio')];
      await joinOne(input, name, true, args);
      audio = await taken('audio');
    }
    for (const number of segments.keys()) await rm(join(workDir, segmentFile(name, number)));
  }
  await take(await writeMaster(workDir, pictures, audio, input.rate));
  return { renditions: pictures, audio };
}

/** The file of one segment of a rendition. */
export const segmentFile = (rendition: string, number: number): string =>
  `${rendition}-${number}.mp4`;

/** Copying is quick: a minute is long for it, and so are ten for the longest. */
const JOIN_MS = 600_000;

async function joinOne(
  { workDir, ffmpeg, signal, segments }: JoinInput,
  name: string,
  withSound: boolean,
  outputs: readonly string[],
): Promise<void> {
  const end = await joinWithFfmpeg({
    ...{ binary: ffmpeg, cwd: workDir, signal, deadlineMs: JOIN_MS, fileSize: 10_000_000_000 },
    pieces: segments.map(({ from, to }, n) => ({ name: segmentFile(name, n), seconds: to - from })),
    ...(withSound && { sound: 'sound.m4a' }),
    outputs,
  });
  // The segments are ours: a failure is, too.
  if (end.exitCode !== 0) throw new Error('ffmpeg could not join the segments', { cause: end.log });
}
