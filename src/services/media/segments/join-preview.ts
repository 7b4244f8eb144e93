import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { config } from '../../../config.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { deleteUnder } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { Superseded, type WakeLater, type Work } from '../../jobs/job-type.ts';
import { openScratchDir } from '../../jobs/scratch-dir.ts';
import { type Derivative, getMediumEntity } from '../medium.ts';
import { buildInputFilter, type ProcessInput } from '../medium-subject.ts';
import type { ProcessResult } from '../process-job.ts';
import type { DerivativeFile } from '../processor.ts';
import { publish } from '../publish.ts';
import { MediumUnsettled, UNSETTLED } from '../versions.ts';
import { joinSegments } from '../video/segment-join.ts';
import type { MediaWarning } from '../warning.ts';
import type { PreviewState, SegmentResult } from './encode-job.ts';
import { fetchSegments, findSoundFacts } from './fetch.ts';

/**
 * The fan-in of a long video's processing: joins the segments of the preview, and publishes the
 * medium.
 */
export async function joinPreview(
  work: Work<ProcessInput, ProcessResult>,
  results: object[],
  state: PreviewState,
): Promise<ProcessResult | WakeLater> {
  const { ctx, input, job, signal } = work;
  const entity = getMediumEntity(input.entity);
  const waiting = buildInputFilter(input, job._id);
  const medium = await findOne(ctx, entity, waiting, WHOLE);
  if (!medium) throw new Superseded('The medium no longer waits for this job.');
  await using dir = await openScratchDir();
  // The cast is safe: all child jobs are of type `encodeSegment`.
  const { files, ...joined } = await joinFiles(work, dir.path, state, results as SegmentResult[]);
  for (const file of files) await upload(`${state.target}/${file.name}`, file, signal);
  signal.throwIfAborted();
  const { checksum, target: folder } = state;
  try {
    const result = await publish(work, entity, medium, { ...joined, checksum, folder });
    await deleteUnder(state.folder);
    return result;
  } catch (error) {
    if (error instanceof MediumUnsettled) return UNSETTLED;
    throw error;
  }
}

async function joinFiles(
  { signal, progress }: Work<ProcessInput, ProcessResult>,
  workDir: string,
  { processed, derivatives, plan }: PreviewState,
  results: SegmentResult[],
) {
  await fetchSegments(results, workDir, signal);
  const heard = findSoundFacts(results);
  progress(96, 'join');
  const input = { workDir, ffmpeg: config.ffmpegPath, signal, ...plan, hasSound: heard !== null };
  const [rendition] = plan.renditions;
  if (!rendition) throw new Error('A preview has one rendition.');
  const files: DerivativeFile[] = [await joinSegments(input, rendition)];
  if (heard) {
    const path = join(workDir, 'waveform.json');
    const contentType = 'application/json';
    files.push({ name: 'waveform', path, contentType, size: (await stat(path)).size });
  }
  return {
    files,
    derivatives: listReady(derivatives, files),
    processed: {
      ...processed,
      facts: { ...processed.facts, ...heard },
      warnings: [...processed.warnings, ...mergeWarnings(results)],
    },
  };
}

/** What was found odd in segments, each once. */
function mergeWarnings(results: SegmentResult[]): MediaWarning[] {
  const found = results.flatMap(({ warnings = [] }) => warnings);
  return [...new Map(found.map((warning) => [warning.code, warning])).values()];
}

/** The derivatives that are READY once these files are uploaded. */
function listReady(derivatives: Derivative[], files: DerivativeFile[]): Derivative[] {
  const made = new Map(
    files.map(({ path, ...file }) => [file.name, { ...file, status: 'READY' as const }]),
  );
  return derivatives
    .map((derivative): Derivative => made.get(derivative.name) ?? derivative)
    .filter(({ status }) => status === 'READY');
}
