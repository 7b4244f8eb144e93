import { rm } from 'node:fs/promises';
import { config } from '../../../config.ts';
import { deleteKeys } from '../../../providers/s3.ts';
import { JobFailure, Superseded, type Work } from '../../jobs/job-type.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import { MediaError } from '../../media/media-error.ts';
import { prepareText } from '../picture/prepare.ts';
import { nameSegment, renderSegment, SUBTITLES } from '../picture/render-segment.ts';
import type { SegmentsInput, SegmentsResult } from './segment-job.ts';
import { fetchStaged, keepFile, readStaged } from './stage.ts';

/** Runs a child job: renders its segments, and uploads them for the parent job. */
export async function runRenderSegments(
  work: Work<SegmentsInput, SegmentsResult>,
): Promise<SegmentsResult> {
  const { input, token, signal, progress } = work;
  const { folder, from, to } = input;
  await using scratch = await openScratchDir();
  const dir = { workDir: scratch.path, ffmpeg: config.ffmpegPath, signal };
  const { script, names } = await readStaged(folder);
  await fetchStaged(
    dir,
    folder,
    names.filter((name) => name !== SUBTITLES),
  );
  await prepareText(dir.workDir, script.plan);
  const keys: Record<string, string> = {};
  try {
    for (let n = from; n < to; n++) {
      const path = await renderSegment(dir, script, n);
      // The fencing token in the key keeps a worker that lost its lease from overwriting another's file.
      keys[nameSegment(n)] = await keepFile(dir, path, `${folder}${token}-${nameSegment(n)}`);
      await rm(path);
      progress((100 * (n + 1 - from)) / (to - from), 'render');
    }
    return await work.complete(async () => ({ keys }));
  } catch (error) {
    if (error instanceof Superseded) await deleteKeys(Object.values(keys));
    if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
    throw error;
  }
}
