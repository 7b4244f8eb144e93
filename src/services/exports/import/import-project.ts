import type { Readable } from 'node:stream';
import type { Ctx } from '../../../context.ts';
import { castObject } from '../../../data/cast.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { confirmReferences } from '../../../data/references.ts';
import { fileUsage } from '../../../data/usage.ts';
import { insert, update } from '../../../data/write.ts';
import { Project } from '../../../models/projects/project.ts';
import { ProjectImport } from '../../../models/projects/project-import.ts';
import { uploadStream } from '../../../providers/upload-stream.ts';
import { JobFailure, Superseded, type Work } from '../../jobs/job-type.ts';
import { buildOriginalKey } from '../../media/keys.ts';
import { getEntityOfKind } from '../../media/medium.ts';
import { buildInputFilter, type ProcessInput } from '../../media/medium-subject.ts';
import { failWithoutAllowance } from '../../metering/allowances/in-jobs.ts';
import { withAllowance } from '../../metering/allowances/with-allowance.ts';
import { removeAndSweep } from '../../removal/remove-and-sweep.ts';
import { buildFileFields } from '../../uploads/new-file.ts';
import { MOST_MANIFEST_BYTES } from '../archive/print-manifest.ts';
import type { Manifest, ManifestMedium } from '../plan.ts';
import type { ImportResult } from './import-job.ts';
import { type Entry, explain, openEntry, openZip, type ZipFile } from './open-zip.ts';
import { readManifest } from './read-manifest.ts';
import { relateMedia } from './relate-media.ts';

type ImportWork = Work<ProcessInput, ImportResult>;

const MANIFEST = 'manifest.json';

/**
 * Makes a ZIP into a project: the manifest is judged before anything is written; then each file becomes the
 * original of a new medium, which is processed as an upload is. Whatever fails takes the new project away.
 */
export async function runImport(work: ImportWork): Promise<ImportResult> {
  const { ctx, input, job, signal } = work;
  const waiting = buildInputFilter(input, job._id);
  const document = await findOne(ctx, ProjectImport, waiting, WHOLE);
  if (!document) throw new Superseded('The import no longer waits for this job.');
  const { user, filePath: key, size } = document;
  const { zip, entries } = await openZip({ key, etag: input.etag, size }, signal);
  const manifest = await fetchManifest(zip, entries, signal);
  // What an earlier run has left.
  if (document.project) await removeAndSweep(ctx, Project, { _id: document.project, user });
  const { name, description, settings, status } = manifest.project;
  const values = {
    ...{ name, settings, user },
    ...(description && { description }),
    ...(status && { status }),
  };
  const project = await failWithoutAllowance(
    withAllowance(ctx, user, { documents: 1 }, () => insert(ctx, Project, values, 'import')),
  );
  const set = { project: project._id };
  if (!(await update(ctx, ProjectImport, waiting, { set }, null))) {
    await removeAndSweep(ctx, Project, { _id: project._id });
    throw new Superseded('The import no longer waits for this job.');
  }
  try {
    await importMedia(work, { zip, entries, manifest, user, project: project._id });
    return await work.complete(async (tx) => {
      await findProject(tx, project._id);
      const done = { status: 'READY', progress: 100, mediaCount: manifest.media.length };
      const change = { set: { ...set, ...done }, unset: ['error'] };
      if (!(await update(tx, ProjectImport, waiting, change, 'ready'))) {
        throw new Superseded('The import no longer waits for this job.');
      }
      return { document: input.document, project: project._id };
    });
  } catch (error) {
    const wasThere = await removeAndSweep(ctx, Project, { _id: project._id });
    // Whatever failed did so because of that; another try would make the project anew.
    if (!wasThere && !signal.aborted) throw new JobFailure('PROJECT_DELETED', PROJECT_DELETED);
    throw error;
  }
}

const PROJECT_DELETED = 'The project was deleted while it was imported.';

async function fetchManifest(
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  signal: AbortSignal,
): Promise<Manifest> {
  const entry = entries.get(MANIFEST);
  if (!entry) throw new JobFailure('INVALID_MANIFEST', 'The ZIP has no manifest.json.');
  if (entry.uncompressedSize > MOST_MANIFEST_BYTES) {
    throw new JobFailure('TOO_LARGE', 'manifest.json is larger than 16 MB.');
  }
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of await openEntry(zip, entry, signal)) chunks.push(chunk as Buffer);
  } catch (error) {
    throw explain(error, signal);
  }
  return readManifest(Buffer.concat(chunks), entries);
}

interface Import {
  zip: ZipFile;
  entries: ReadonlyMap<string, Entry>;
  manifest: Manifest;
  user: UUID;
  project: UUID;
}

async function importMedia(work: ImportWork, of: Import): Promise<void> {
  const { ctx, signal, progress } = work;
  const { manifest, zip, entries, project } = of;
  const total = manifest.media.reduce((sum, { size }) => sum + size, 1);
  const ids = new Map<string, UUID>();
  let done = 0;
  for (const medium of manifest.media) {
    signal.throwIfAborted();
    const stream = await openEntry(zip, entries.get(medium.file) as Entry, signal);
    const id = await importMedium(ctx, of, medium, stream, signal);
    ids.set(medium.id, id);
    if (medium.id === manifest.project.coverImage && medium.kind === 'IMAGE') {
      const set = { coverImage: id };
      await update(ctx, Project, { _id: project }, { set }, 'update');
      await confirmReferences(ctx, Project, { ...(await findProject(ctx, project)) });
    }
    done += medium.size;
    progress((98 * done) / total, 'import');
  }
  await relateMedia(ctx, manifest, ids);
}

async function findProject(ctx: Ctx, _id: UUID) {
  const found = await findOne(ctx, Project, { _id });
  if (!found) throw new JobFailure('PROJECT_DELETED', PROJECT_DELETED);
  return found;
}

/** Stores a medium, then its bytes where an upload would have put them: S3 tells of them. */
async function importMedium(
  ctx: Ctx,
  { user, project }: Import,
  { kind, fileName, contentType, size, checksum, fields, lineage }: ManifestMedium,
  stream: Readable,
  signal: AbortSignal,
): Promise<UUID> {
  const entity = getEntityOfKind(kind);
  const file = buildFileFields(ctx, size, (id) => buildOriginalKey(entity, user, id));
  const { multipart: _, ...own } = file;
  const body = castObject(entity.shape, { ...fields, fileName, contentType, size, checksum });
  const origin = lineage && { lineage };
  const medium = await failWithoutAllowance(
    withAllowance(ctx, user, fileUsage.of({ _id: own._id, size }), async () => {
      const stored = await insert(
        ctx,
        entity,
        { ...body, ...origin, project, user, ...own },
        'import',
      );
      await confirmReferences(ctx, entity, stored);
      return stored;
    }),
  );
  try {
    const stored = await uploadStream(own.filePath, stream, contentType, signal);
    if (stored.checksum === checksum && stored.size === size) return medium._id;
  } catch (error) {
    throw explain(error, signal);
  }
  const message = `manifest.json is not right: ${fileName} has another checksum.`;
  throw new JobFailure('INVALID_MANIFEST', message);
}
