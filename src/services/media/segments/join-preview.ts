import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { config } from '../../../config.ts';
import { entityNamed } from '../../../data/entity.ts';
import { deleteUnder } from '../../../providers/s3.ts';
import { upload } from '../../../providers/upload.ts';
import { resultsOf, supersede } from '../../jobs/job-parts.ts';
import { openWorkDir } from '../../jobs/scratch-dir.ts';
import type { JobType, Work } from '../../jobs/worker.ts';
import type { Derivative } from '../keys.ts';
import type { DerivativeFile } from '../processor.ts';
import { current, type ProcessInput, publish } from '../publish.ts';
import { fetchPieces, heardIn, type PieceMade } from './pieces.ts';
import type { Known } from './preview-pieces.ts';

/** A job that is done at once, or goes on here when all of its pieces are there. */
export function inPieces(atOnce: JobType): JobType {
  return { run: (work) => (work.claim.job.parts ? goOn(work) : atOnce.run(work)) };
}

async function goOn(work: Work): Promise<void> {
  const { claim } = work;
  const { target, folder, state } = claim.job.parts as {
    target: string;
    folder: string;
    state: Known;
  };
  const input = claim.job.input as ProcessInput;
  const entity = entityNamed(input.entity);
  const medium = await current(work, entity, input);
  if (!medium) {
    await supersede(work);
    return;
  }
  const made = await resultsOf<PieceMade>(work);
  if (!made) return;
  await using dir = await openWorkDir();
  const workDir = dir.path;
  const { processed, derivatives, files } = await joined(work, workDir, state, made);
  for (const file of files) await upload(`${target}/${file.name}`, file, work.signal);
  work.signal.throwIfAborted();
  const complete = () => derivatives;
  const result = { processed, shown: { complete }, checksum: state.checksum, target };
  await publish(work, entity, medium, input, result);
  await deleteUnder(folder);
}

async function joined(
  { signal, progress }: Work,
  workDir: string,
  { processed, derivatives }: Known,
  made: PieceMade[],
) {
  const { joinSegments } = await import('../video/segments.ts');
  const { SILENT } = await import('../video/process.ts');
  const { inPieces: pieces, ...whole } = processed;
  await fetchPieces(made, workDir, signal);
  const heard = heardIn(made);
  progress(96, 'join');
  const input = { workDir, ffmpeg: config.ffmpegPath, signal, ...pieces, hasSound: heard !== null };
  const [rendition] = pieces.renditions;
  if (!rendition) throw new Error('a preview of no size');
  const files: DerivativeFile[] = [await joinSegments(input, rendition)];
  if (heard) {
    const path = join(workDir, 'waveform.json');
    const contentType = 'application/json';
    files.push({ name: 'waveform', path, contentType, size: (await stat(path)).size });
  }
  const isSilenced = pieces.hasSound && !heard;
  const known = new Map(
    files.map(({ path, ...file }) => [file.name, { ...file, status: 'READY' as const }]),
  );
  return {
    files,
    derivatives: derivatives
      .map((derivative): Derivative => known.get(derivative.name) ?? derivative)
      .filter(({ status }) => status === 'READY'),
    processed: {
      ...whole,
      facts: { ...whole.facts, ...heard },
      warnings: [...whole.warnings, ...(isSilenced ? [SILENT] : [])],
    },
  };
}
