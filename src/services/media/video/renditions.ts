import { fitWithin, type Size } from './picture.ts';
import { type Rate, toFramesPerSecond } from './rate.ts';
import type { Shape } from './shape.ts';
import { THREADS } from './work.ts';

/** One size of a video that a player may choose. */
export interface Rendition {
  /** `720p`: names its files. */
  name: string;
  size: Size;
  /** The most bits per second, over any two seconds. */
  maxBitRate: number;
}

/**
 * The format of the frames of all renditions, which is the same so that a player may switch at
 * every segment.
 */
export interface FrameFormat {
  shape: Shape;
  rate: Rate;
}

/** The shorter side in pixels, and the most bits per second. */
const STEPS: readonly (readonly [number, number])[] = [
  [1080, 5_000_000],
  [720, 2_800_000],
  [480, 1_400_000],
  [360, 800_000],
];

/**
 * The renditions that are not larger than the video; for a video smaller than all, its own size.
 */
export function chooseRenditions(shape: Shape): Rendition[] {
  const short = Math.min(shape.width, shape.height);
  const fitting = STEPS.filter(([side]) => side <= short);
  const steps = fitting.length > 0 ? fitting : [[short, 800_000] as const];
  return steps.map(([side, maxBitRate]) => ({
    name: `${side}p`,
    size: fitWithin(shape, Math.round((side * 16) / 9), side),
    maxBitRate,
  }));
}

/** The preview as a rendition, for when it is encoded in segments. */
export const buildPreviewRendition = (shape: Shape): Rendition => ({
  ...{ name: 'preview', size: fitWithin(shape, 1280, 720), maxBitRate: 4_000_000 },
});

/** Frames from one keyframe to the next: two seconds. */
export const countGroupFrames = (rate: Rate): number => Math.round(2 * toFramesPerSecond(rate));

/**
 * Encoder options for H.264 with closed groups of pictures of the same length in all renditions. No
 * B-frames: in fragmented MP4 the reordering delay would make the picture begin after the sound.
 */
export function buildEncoderOptions({ maxBitRate }: Rendition, rate: Rate): string[] {
  const group = String(countGroupFrames(rate));
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '23'],
    ...['-maxrate', String(maxBitRate), '-bufsize', String(2 * maxBitRate)],
    ...['-g', group, '-keyint_min', group, '-sc_threshold', '0', '-flags', '+cgop', '-bf', '0'],
    ...['-threads', String(THREADS), '-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
  ];
}
