import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { idText } from '../../data/ids.ts';
import { folderIn } from '../../data/objects.ts';
import { update } from '../../data/write.ts';
import { Export } from '../../models/exports/export.ts';
import { deleteUnder } from '../../providers/s3.ts';
import { upload } from '../../providers/upload.ts';
import { Superseded, type Work } from '../jobs/job-type.ts';
import type { Loudness } from '../media/audio/analysis/loudness.ts';
import { omitNulls } from '../media/derivatives.ts';
import { writeArchive } from './archive/write-archive.ts';
import type { ExportInput, ExportResult } from './export-job.ts';
import { describeOrigin } from './find-origin.ts';
import { KEPT_MS } from './kept.ts';
import type { ExportDoc } from './make-plan.ts';
import type { ArchivePlan, ExportOrigin } from './plan.ts';

type PublishWork = Pick<
  Work<ExportInput, ExportResult>,
  'job' | 'token' | 'signal' | 'progress' | 'complete'
>;

/** A rendered file. */
export interface RenderedFile {
  path: string;
  contentType: string;
  seconds: number;
  loudness: Loudness;
}

/**
 * Uploads the file and completes document and job in one transaction. Each claim has a folder of its own,
 * so that a worker that lost its lease cannot overwrite anything.
 * @throws Superseded when the export is gone or was cancelled; LostClaim
 */
export async function publishFile(
  work: PublishWork,
  document: ExportDoc,
  file: RenderedFile & { name: string; fingerprint: string; origin?: ExportOrigin | undefined },
): Promise<ExportResult> {
  const { job, token, signal, progress } = work;
  const { path, contentType } = file;
  const { size } = await stat(path);
  const folder = folderIn('exports', document.user, document._id);
  const own = `${folder}${idText(job._id)}-${token}/`;
  const key = `${own}file${extname(path)}`;
  progress(95, 'upload');
  try {
    await upload(key, { path, size, contentType }, signal);
    return await complete(work, document, {
      ...{ filePath: key, fileName: nameFile(file.name, extname(path)), contentType, size },
      ...{
        checksum: await hashFile(path),
        durationSeconds: Math.round(file.seconds * 1000) / 1000,
      },
      ...{ loudness: omitNulls(file.loudness), fingerprint: file.fingerprint },
      lineage: describeOrigin(file.origin),
    });
  } catch (error) {
    if (error instanceof Superseded) await deleteUnder(own);
    throw error;
  }
}

/** Writes a ZIP to where it is published. @throws Superseded; LostClaim; JobFailure */
export async function publishArchive(
  work: PublishWork,
  document: ExportDoc,
  plan: ArchivePlan,
  fingerprint: string,
): Promise<ExportResult> {
  const { job, token, signal, progress } = work;
  const own = `${folderIn('exports', document.user, document._id)}${idText(job._id)}-${token}/`;
  const total = plan.sources.reduce((sum, { size }) => sum + size, 1);
  let bytes = 0;
  const key = `${own}file.zip`;
  try {
    const made = await writeArchive(key, plan, signal, (more) => {
      bytes += more;
      progress((98 * bytes) / total, 'archive');
    });
    return await complete(work, document, {
      ...{ filePath: key, fileName: nameFile(plan.name, '.zip'), contentType: 'application/zip' },
      ...{ ...made, fingerprint },
    });
  } catch (error) {
    if (error instanceof Superseded) await deleteUnder(own);
    throw error;
  }
}

/** Completes an export and its job with these fields. @throws Superseded; LostClaim */
export function complete(
  { job, complete: completeJob }: PublishWork,
  { _id }: ExportDoc,
  fields: Record<string, unknown> & { size: number; lineage?: object },
): Promise<ExportResult> {
  const waiting = { _id, job: job._id, status: { $in: ['QUEUED', 'PROCESSING'] } };
  return completeJob(async (tx): Promise<ExportResult> => {
    const completedAt = new Date(tx.clock());
    const { quote = 0, priceVersion } = job;
    const paid = { job: idText(job._id), cost: quote, ...(priceVersion && { priceVersion }) };
    const lineage = { ...fields.lineage, ...paid };
    const set = { ...fields, lineage, status: 'COMPLETED', progress: 100, completedAt };
    const change = { set, unset: ['error'], times: { expiresAt: KEPT_MS } };
    const done = await update(tx, Export, waiting, change, 'complete');
    if (!done) throw new Superseded('The export no longer waits for this job.');
    return { document: _id, size: fields.size };
  });
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('base64');
}

const LONGEST_NAME = 200;

function nameFile(name: string, extension: string): string {
  return `${[...name].slice(0, LONGEST_NAME).join('')}${extension}`;
}
