import { join } from 'node:path';
import { config } from '../../config.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import {
  type FannedOut,
  JobFailure,
  Superseded,
  type WakeLater,
  type Work,
} from '../jobs/job-type.ts';
import { openScratchDir } from '../jobs/scratch-dir.ts';
import { countMinutes } from '../metering/allowances/in-jobs.ts';
import { omitNulls, openDerivatives } from './derivatives.ts';
import { MediaError } from './media-error.ts';
import { getMediumEntity, isVersion } from './medium.ts';
import { buildInputFilter, type ProcessInput } from './medium-subject.ts';
import { fetchCheckedOriginal } from './original.ts';
import type { ProcessResult } from './process-job.ts';
import type { MediaProcessor } from './processor.ts';
import { publish } from './publish.ts';
import { fanOutSegments, type PreviewState } from './segments/encode-job.ts';
import { isSettled, MediumUnsettled, UNSETTLED } from './versions.ts';

/**
 * Runs a processing job: downloads the original, runs the decoder of its kind, uploads derivatives,
 * and publishes the document with its facts. Each claim writes into a folder of its own, so that a
 * worker that lost its lease cannot overwrite anything.
 */
export async function processMedium(
  work: Work<ProcessInput, ProcessResult, PreviewState>,
  process: MediaProcessor,
): Promise<ProcessResult | WakeLater | FannedOut> {
  const { ctx, input, job, signal } = work;
  const entity = getMediumEntity(input.entity);
  const waiting = buildInputFilter(input, job._id);
  const medium = await findOne(ctx, entity, waiting, WHOLE);
  if (!medium) throw new Superseded('The medium no longer waits for this job.');
  if (isVersion(entity) && !(await isSettled(ctx, medium))) return UNSETTLED;

  await using dir = await openScratchDir();
  const path = join(dir.path, 'original');
  const derivatives = openDerivatives(work, entity, medium);
  try {
    const checksum = await fetchCheckedOriginal(work, medium, input.etag, path);
    const processed = await process({
      path,
      workDir: dir.path,
      ffmpeg: config.ffmpegPath,
      secondsPerJob: config.videoSecondsPerJob,
      signal,
      onProgress: (percent, stage) => work.progress(5 + percent * 0.95, stage),
      onProbed: async (probed) => {
        await countMinutes(work, medium.user, probed.seconds);
        await derivatives.begin(probed);
      },
      onDerivative: derivatives.add,
    });
    signal.throwIfAborted();
    const { segments: plan, ...known } = processed;
    if (plan) {
      const state = { processed: known, checksum, derivatives: derivatives.listPlanned() };
      const rest = omitNulls({ ...state, target: derivatives.folder, plan });
      return await work.fanOut(fanOutSegments(work, medium, input.etag, 'PREVIEW', rest));
    }
    const made = { processed, checksum, folder: derivatives.folder };
    return await publish(work, entity, medium, {
      ...made,
      derivatives: derivatives.requireReady(),
    });
  } catch (error) {
    await derivatives.withdraw();
    if (error instanceof MediumUnsettled) return UNSETTLED;
    if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
    throw error;
  }
}
