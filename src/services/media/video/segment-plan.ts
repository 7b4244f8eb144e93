import type { OpenVideo } from './open.ts';
import type { Size } from './picture.ts';
import { type Rate, toFramesPerSecond } from './rate.ts';
import { countGroupFrames, type Rendition } from './renditions.ts';
import type { Shape } from './shape.ts';

/** The part of a video that one job encodes, in seconds from the start of the video. */
export interface Segment {
  from: number;
  to: number;
  /** The last segment ends with the video, whatever `to` says. */
  isLast: boolean;
}

/** The share of a job's time that is left for encoding; the rest goes into transfers. */
const ENCODING_SHARE = 0.7;
/**
 * In seconds: no segment is shorter, because a file may declare a little more than its last frame.
 */
const SHORTEST_SECONDS = 1;
/** A segment is a multiple of the HLS segments, which have two groups of pictures each. */
const GROUPS_PER_HLS_SEGMENT = 2;

/**
 * Cuts a video into segments that one job can encode in its time. Every cut is at a keyframe of the
 * output, so that the segments can be joined without decoding.
 * @param speed seconds of the video that are encoded per second
 */
export function cutSegments(
  seconds: number,
  millisecondsAvailable: number,
  speed: number,
  rate: Rate,
): Segment[] {
  const unit = (GROUPS_PER_HLS_SEGMENT * countGroupFrames(rate)) / toFramesPerSecond(rate);
  const most = Math.max(unit, (millisecondsAvailable / 1000) * ENCODING_SHARE * speed);
  const count = Math.max(1, Math.ceil(seconds / most));
  const length = unit * Math.max(1, Math.ceil(seconds / count / unit));
  const cuts = Array.from(
    { length: Math.max(1, Math.ceil((seconds - SHORTEST_SECONDS) / length)) },
    (_, n) => n * length,
  );
  return cuts.map((from, n) => {
    const to = cuts[n + 1];
    return { from, to: to ?? seconds, isLast: to === undefined };
  });
}

/** The segments of a video, and what is encoded of each. */
export interface SegmentPlan {
  segments: Segment[];
  shape: Shape;
  rate: Rate;
  renditions: Rendition[];
  hasSound: boolean;
}

/**
 * Seconds of work per second of one megapixel at 30 frames per second, for decoding and for
 * encoding.
 */
const [DECODE, ENCODE] = [0.2, 0.45];
/** The same for 1080p and its preview, the unit of the setting. */
const LOAD_OF_1080P = 2.07 * DECODE + 0.92 * ENCODE;
/** The least load: small videos have a fixed cost, too. */
const LEAST_LOAD = 0.25;

/**
 * Plans the segments of a video: a single one if a job can encode it in its time.
 * @param secondsPerJob seconds of 1080p at 30 frames per second, with its preview, that a job can
 * encode
 */
export function planSegments(
  { work, frameFormat, shown, hasSound }: OpenVideo,
  renditions: Rendition[],
  secondsPerJob: number,
): SegmentPlan {
  const { shape, rate } = frameFormat;
  const countPixels = (of: Size, frames: number) => ((of.width * of.height) / 1e6) * (frames / 30);
  const decoded = countPixels(shape, work.container.video.frameRate ?? 60) * DECODE;
  const encoded = renditions.reduce(
    (sum, { size }) => sum + countPixels(size, toFramesPerSecond(rate)),
    0,
  );
  const load = Math.max(LEAST_LOAD, (decoded + encoded * ENCODE) / LOAD_OF_1080P);
  const segments = cutSegments(shown, (secondsPerJob / load) * 1000, 1, rate);
  return { segments, shape, rate, renditions, hasSound };
}

/** The name of the file of one segment of a rendition. */
export const nameSegmentFile = (rendition: string, number: number): string =>
  `${rendition}-${number}.mp4`;
