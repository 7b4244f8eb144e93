import type { FfmpegEnd } from '../../../providers/ffmpeg-process.ts';
import { type FfmpegRender, renderWithFfmpeg } from '../../../providers/ffmpeg-render.ts';
import { JobFailure } from '../../jobs/job-type.ts';

/** Where a render has its files, and what ends it. */
export interface RenderDir {
  workDir: string;
  /** The program. */
  ffmpeg: string;
  signal: AbortSignal;
}

/** Bytes of a file that a render writes: less than a worker's disk. */
const MOST_BYTES = 9_000_000_000;
/** Bytes of address space: every thread reserves far more than it uses. */
const MEMORY = 8_000_000_000;
/** A render may take this long, in ms, whatever its length… */
const BASE_MS = 60_000;

/**
 * Runs one step of a render.
 * @param seconds how much it may take at most, beside a minute
 * @throws JobFailure TIMED_OUT; Error when ffmpeg fails, which the job is retried for: the files are ours
 */
export async function runStep(
  { workDir, ffmpeg, signal }: RenderDir,
  seconds: number,
  run: Pick<FfmpegRender, 'inputs' | 'outputs' | 'sinks'>,
): Promise<FfmpegEnd> {
  const end = await renderWithFfmpeg({
    ...run,
    binary: ffmpeg,
    cwd: workDir,
    signal,
    deadlineMs: BASE_MS + Math.ceil(seconds * 1000),
    memory: MEMORY,
    fileSize: MOST_BYTES,
    openFiles: 512,
  });
  if (end.timedOut) throw new JobFailure('TIMED_OUT', 'Rendering took too long.');
  if (end.exitCode !== 0) throw new Error('ffmpeg could not render', { cause: end.log });
  return end;
}
