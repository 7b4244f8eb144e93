import { config } from '../../config.ts';
import { idText } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Export } from '../../models/exports/export.ts';
import { type FannedOut, JobFailure, Superseded, type Work } from '../jobs/job-type.ts';
import { openScratchDir } from '../jobs/scratch-dir.ts';
import { omitNulls } from '../media/derivatives.ts';
import { MediaError } from '../media/media-error.ts';
import type { ExportInput, ExportResult } from './export-job.ts';
import { describeOrigin } from './find-origin.ts';
import { hashPlan } from './hash-plan.ts';
import { type ExportDoc, makePlan } from './make-plan.ts';
import { SOUND_FILE } from './picture/join-video.ts';
import { type PreparedVideo, prepareVideo, renderHere } from './picture/render-video.ts';
import type { ExportPlan, RenderPlan } from './plan.ts';
import { complete, publishArchive, publishFile } from './publish.ts';
import { type ExportState, renderSegments } from './segments/segment-job.ts';
import { splitSegments } from './segments/split.ts';
import { stageFiles } from './segments/stage.ts';
import { copyResult, findSame } from './share.ts';
import { renderSoundFile } from './sound/render-sound.ts';
import type { RenderDir } from './sound/run.ts';

export type ExportWork = Work<ExportInput, ExportResult, ExportState>;

/** Runs an export's job: plans it, renders its file and publishes that. */
export async function runExport(work: ExportWork): Promise<ExportResult | FannedOut> {
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
async function planAgain({ ctx }: ExportWork, document: ExportDoc): Promise<ExportPlan> {
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
  plan: ExportPlan,
): Promise<ExportResult | FannedOut> {
  const fingerprint = hashPlan(plan);
  const shared = await shareResult(work, document, plan, fingerprint);
  if (shared) return shared;
  if (plan.format === 'ZIP') return publishArchive(work, document, plan, fingerprint);
  await using dir = await openScratchDir();
  const place = { workDir: dir.path, ffmpeg: config.ffmpegPath, signal: work.signal };
  if (!plan.picture) {
    const file = await renderSoundFile(place, plan, work.progress);
    // Awaited here, or the folder would go before its file was sent.
    return await publishFile(work, document, { ...file, ...pickNamed(plan), fingerprint });
  }
  const prepared = await prepareVideo(place, plan, work.progress);
  const groups = splitSegments(prepared.script, config.videoSecondsPerJob);
  if (groups.length > 1)
    return await leaveToChildren(work, document, { place, plan, fingerprint, prepared, groups });
  const file = await renderHere(place, plan, prepared, work.progress);
  return await publishFile(work, document, { ...file, ...pickNamed(plan), fingerprint });
}

const pickNamed = ({ name, origin }: RenderPlan) => ({ name, origin });

interface Rest {
  place: RenderDir;
  plan: RenderPlan;
  fingerprint: string;
  prepared: PreparedVideo;
  groups: { from: number; to: number }[];
}

/** Leaves a long video to child jobs, with all that they need in a folder of this claim. */
async function leaveToChildren(
  work: ExportWork,
  document: ExportDoc,
  { place, plan, fingerprint, prepared, groups }: Rest,
): Promise<FannedOut> {
  const { script, names, loudness } = prepared;
  const own = folderIn('exports', document.user, document._id);
  const folder = `${own}${idText(work.job._id)}-${work.token}-parts/`;
  await stageFiles(place, folder, { script, names, plan }, [SOUND_FILE]);
  const inputs = groups.map((group) => ({ folder, ...group }));
  const state = { folder, loudness: omitNulls(loudness), fingerprint };
  return work.fanOut({ type: renderSegments, inputs, state });
}

/** What was asked for while another of the same was under way, or is too large to copy at once. */
async function shareResult(
  work: ExportWork,
  document: ExportDoc,
  plan: ExportPlan,
  fingerprint: string,
): Promise<ExportResult | null> {
  const { ctx, job, token, signal } = work;
  const same = await findSame(ctx, document.user, fingerprint);
  const folder = folderIn('exports', document.user, document._id);
  const copied = same && (await copyResult(same, `${folder}${idText(job._id)}-${token}/`, signal));
  if (!copied) return null;
  const { job: _, ...fields } = copied;
  const lineage = describeOrigin('origin' in plan ? plan.origin : undefined);
  return complete(work, document, { ...fields, lineage });
}
