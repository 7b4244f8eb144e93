import { config } from '../../../config.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { Export } from '../../../models/exports/export.ts';
import { deleteUnder } from '../../../providers/s3.ts';
import { Superseded } from '../../jobs/job-type.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import type { Loudness } from '../../media/audio/analysis/loudness.ts';
import { fetchSegments } from '../../media/segments/fetch.ts';
import type { ExportResult } from '../export-job.ts';
import { joinVideo, SOUND_FILE } from '../picture/join-video.ts';
import { publishFile } from '../publish.ts';
import type { ExportWork } from '../run.ts';
import type { ExportState, SegmentsResult } from './segment-job.ts';
import { fetchStaged, readStaged } from './stage.ts';

/** The fan-in of a long video: joins its segments with the sound, and publishes the export. */
export async function joinExport(
  work: ExportWork,
  results: object[],
  { folder, loudness, fingerprint }: ExportState,
): Promise<ExportResult> {
  const { ctx, input, job, signal, progress } = work;
  const waiting = { _id: input.document, job: job._id, status: 'PROCESSING' };
  const document = await findOne(ctx, Export, waiting, WHOLE);
  if (!document) throw new Superseded('The export no longer waits for this job.');
  await using scratch = await openScratchDir();
  const dir = { workDir: scratch.path, ffmpeg: config.ffmpegPath, signal };
  progress(90, 'join');
  const { script, plan } = await readStaged(folder);
  // The cast is safe: all child jobs are of type `renderSegments`.
  await fetchSegments(results as SegmentsResult[], dir.workDir, signal);
  await fetchStaged(dir, folder, [SOUND_FILE]);
  const path = await joinVideo(dir, script, plan);
  const result = await publishFile(work, document, {
    ...{ path, contentType: 'video/mp4', seconds: script.frames / script.plan.fps },
    ...{ loudness: loudness as Loudness, name: plan.name, origin: plan.origin, fingerprint },
  });
  await deleteUnder(folder);
  return result;
}
