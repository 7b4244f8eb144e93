import { availableParallelism } from 'node:os';
import type { FfmpegRun } from '../../../providers/ffmpeg.ts';
import type { Container } from './containers/container.ts';
import type { VideoLimits } from './limits.ts';
import type { SourceFrames } from './source-frames.ts';

/** What every run of ffmpeg over one video needs. */
export interface VideoWork {
  /** Absolute. */
  path: string;
  /** Absolute; all output files are in it. */
  workDir: string;
  ffmpeg: string;
  signal: AbortSignal;
  limits: VideoLimits;
  container: Container;
  /** What the decoded frames are; `UNKNOWN_FRAMES` until they were seen. */
  frames: SourceFrames;
}

/** Threads of each video decoder and encoder: more would cost memory and save no time. */
export const THREADS = Math.min(4, Math.max(2, availableParallelism()));
/** Bytes of address space, not of memory in use: every thread reserves far more than it uses. */
const MEMORY = 8_000_000_000;
/** Bytes of an output file: twice the preview of the longest video. */
const FILE_SIZE = 10_000_000_000;

/**
 * Builds the limits and the input of a run that decodes the pictures and, if asked for, the sound.
 */
export function buildRun(work: VideoWork, seconds: number, withSound = false) {
  const { container, limits } = work;
  const { video, audio } = container;
  return {
    binary: work.ffmpeg,
    cwd: work.workDir,
    signal: work.signal,
    deadlineMs: computeDeadline(work, seconds),
    memory: MEMORY,
    fileSize: FILE_SIZE,
    input: {
      path: work.path,
      demuxer: container.demuxer,
      decoders: [...video.decoders, ...((withSound && audio?.decoders) || [])],
      // ffmpeg also counts attached pictures and chapters as streams.
      maxStreams: limits.streams * 2,
      maxSeconds: limits.seconds + 1,
      maxPixels: limits.pixels,
      threads: THREADS,
    },
  } satisfies Partial<FfmpegRun>;
}

/** Scaled by the pixels to decode: a second of 4K takes four times as long as one of 1080p. */
function computeDeadline({ container, limits }: VideoWork, seconds: number): number {
  const { width, height, frameRate } = container.video;
  const load = (width * height * (frameRate ?? 60)) / (1920 * 1080 * 30);
  const bounded = Math.min(seconds, limits.seconds);
  return Math.round(limits.decodeBaseMs + bounded * limits.decodeMsPerSecond * Math.max(0.5, load));
}
