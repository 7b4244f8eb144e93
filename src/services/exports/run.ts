import { createHash } from 'node:crypto';
import { config } from '../../config.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Export } from '../../models/exports/export.ts';
import { JobFailure, Superseded, type Work } from '../jobs/job-type.ts';
import { openScratchDir } from '../jobs/scratch-dir.ts';
import { MediaError } from '../media/media-error.ts';
import type { ExportInput, ExportResult } from './export-job.ts';
import { type ExportDoc, makePlan } from './make-plan.ts';
import type { RenderPlan } from './plan.ts';
import { publishFile } from './publish.ts';
import { renderSoundFile } from './sound/render-sound.ts';

export type ExportWork = Work<ExportInput, ExportResult>;

/** Runs an export's job: plans it, renders its file and publishes that. */
export async function runExport(work: ExportWork): Promise<ExportResult> {
  const { ctx, input, job } = work;
  const waiting = { _id: input.document, job: job._id, status: 'PROCESSING' };
  const document = await findOne(ctx, Export, waiting, WHOLE);
  if (!document) throw new Superseded('The export no longer waits for this job.');
  try {
    const plan = await planAgain(work, document);
    return await render(work, document, plan);
  } catch (error) {
    if (error instanceof MediaError) throw new JobFailure(error.code, error.message);
    throw error;
  }
}

/** Plans as when it was asked for. What has changed since is a clear end, not an endless retry. */
async function planAgain({ ctx }: ExportWork, document: ExportDoc): Promise<RenderPlan> {
  const { user, project, format, settings } = document;
  try {
    return (await makePlan(ctx, { user, project, format, settings: settings as object })).plan;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new JobFailure('MEDIA_CHANGED', `What it is made of has changed: ${error.message}`);
  }
}

async function render(
  work: ExportWork,
  document: ExportDoc,
  plan: RenderPlan,
): Promise<ExportResult> {
  await using dir = await openScratchDir();
  const place = { workDir: dir.path, ffmpeg: config.ffmpegPath, signal: work.signal };
  const file = await renderSoundFile(place, plan, work.progress);
  // Awaited here, or the folder would go before its file was sent.
  return await publishFile(work, document, {
    ...file,
    name: plan.name,
    fingerprint: hashPlan(plan),
  });
}

/** The same for exports that come out the same. */
export function hashPlan(plan: RenderPlan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}
