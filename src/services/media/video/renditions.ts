import { type Size, within } from './picture.ts';
import { perSecond, type Rate } from './rate.ts';
import type { Shape } from './shape.ts';
import { THREADS } from './work.ts';

/** One size of the same video, that a player may choose. */
export interface Rendition {
  /** `720p`: names its files. */
  name: string;
  size: Size;
  /** Bits a second that it stays under, over any two seconds. */
  maxBitRate: number;
}

/** How the frames of all of them fall: alike, so that a player may change at every segment. */
export interface Raster {
  shape: Shape;
  rate: Rate;
}

/** Of the shorter side, and the bits that it may take. */
const STEPS: readonly (readonly [number, number])[] = [
  [1080, 5_000_000],
  [720, 2_800_000],
  [480, 1_400_000],
  [360, 800_000],
];

/** Those that are no larger than the video itself; where it is smaller than all, its own size. */
export function renditionsOf(shape: Shape): Rendition[] {
  const short = Math.min(shape.width, shape.height);
  const fitting = STEPS.filter(([side]) => side <= short);
  const steps = fitting.length > 0 ? fitting : [[short, 800_000] as const];
  return steps.map(([side, maxBitRate]) => ({
    name: `${side}p`,
    size: within(shape, Math.round((side * 16) / 9), side),
    maxBitRate,
  }));
}

/** The preview as a rendition, for where it is made in pieces. */
export const previewRendition = (shape: Shape): Rendition => ({
  ...{ name: 'preview', size: within(shape, 1280, 720), maxBitRate: 4_000_000 },
});

/** Frames from keyframe to keyframe: two seconds. */
export const groupOf = (rate: Rate): number => Math.round(2 * perSecond(rate));

/**
 * H.264 whose groups are closed, and as long as those of its siblings. No frame waits for a later
 * one: in fragments the picture would begin after the sound, by as much as it waits.
 */
export function encodedAs({ maxBitRate }: Rendition, rate: Rate): string[] {
  const group = String(groupOf(rate));
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '23'],
    ...['-maxrate', String(maxBitRate), '-bufsize', String(2 * maxBitRate)],
    ...['-g', group, '-keyint_min', group, '-sc_threshold', '0', '-flags', '+cgop', '-bf', '0'],
    ...['-threads', String(THREADS), '-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
  ];
}
