import { availableParallelism } from 'node:os';
import type { FfmpegRun } from '../../../providers/ffmpeg.ts';
import type { Container } from './containers/container.ts';
import type { VideoLimits } from './limits.ts';

/** One video at work: what every pass over it is given. */
export interface Work {
  /** Absolute. */
  path: string;
  /** Absolute; every file that is made is in it. */
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
  limits: VideoLimits;
  container: Container;
}

/** Decoders and encoders of pictures use that many threads each: more cost memory, not time. */
export const THREADS = Math.min(4, Math.max(2, availableParallelism()));
/** Of addresses, not of memory: every thread reserves far more than it uses. */
const MEMORY = 8_000_000_000;
/** The preview of the longest video, with as much again. */
const FILE_SIZE = 10_000_000_000;

/** What bounds a pass over it, and reads its pictures; sound too where it is asked for. */
export function reading(work: Work, seconds: number, withSound = false) {
  const { container, limits } = work;
  const { video, audio } = container;
  return {
    binary: work.ffmpeg,
    cwd: work.workDir,
    signal: work.signal,
    deadlineMs: deadlineOf(work, seconds),
    memory: MEMORY,
    fileSize: FILE_SIZE,
    input: {
      path: work.path,
      demuxer: container.demuxer,
      decoders: [...video.decoders, ...((withSound && audio?.decoders) || [])],
      // Pictures in attachments and chapters count as streams, too.
      maxStreams: limits.streams * 2,
      maxSeconds: limits.seconds + 1,
      maxPixels: limits.pixels,
      threads: THREADS,
    },
  } satisfies Partial<FfmpegRun>;
}

/** By what has to be decoded: a second of 4K takes four times what one of 1080p does. */
function deadlineOf({ container, limits }: Work, seconds: number): number {
  const { width, height, frameRate } = container.video;
  const load = (width * height * (frameRate ?? 60)) / (1920 * 1080 * 30);
  const bounded = Math.min(seconds, limits.seconds);
  return Math.round(limits.decodeBaseMs + bounded * limits.decodeMsPerSecond * Math.max(0.5, load));
}
