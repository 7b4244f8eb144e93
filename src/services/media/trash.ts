import type { Ctx } from '../../context.ts';
import { type AuditEntry, makeAuditEntry } from '../../data/audit.ts';
import { databaseTime, hasCome, insertComputed } from '../../data/database-time.ts';
import type { Entity, Stored } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne, pickVisible } from '../../data/read.ts';
import { recordEvents } from '../../data/record-events.ts';
import { confirmReferences } from '../../data/references.ts';
import { type Keep, takeOut } from '../../data/remove.ts';
import { transaction } from '../../data/transaction.ts';
import { notFound } from '../../errors.ts';
import { Job } from '../../models/jobs/job.ts';
import { getKind } from '../../models/media/media-fields.ts';
import { TrashedMedium } from '../../models/media/trashed-medium.ts';
import { Project } from '../../models/projects/project.ts';
import { ringJobs } from '../jobs/queue.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { getEntityOfKind, type Medium, Version } from './medium.ts';
import { type PlannedProcessing, planProcessing } from './process-job.ts';
import { referenceTo } from './versions.ts';

/** How long what was deleted may be restored, in ms. */
const KEPT = 30 * 24 * 3600 * 1000;

/** More than any medium has. */
const MOST_VERSIONS = 100;

/** The document as it was, and its former versions. */
export type TrashedContent = Medium & { versions?: Medium[] };

/** What is never stored in the trash: entries for the audit log, and marks of a removal. */
type WithMarks = Medium & { outbox?: AuditEntry[]; removing?: Date };

/** How a medium is deleted: into the trash, with its former versions, and with its objects where they are; one without bytes for good. */
export function keepInTrash<T extends Medium>(entity: Entity<T>): Keep<T> {
  return {
    action: 'trash',
    async store(ctx, document) {
      if (document.status === 'AWAITING_UPLOAD') return false;
      const content = contentOf(document);
      const { _id, user, project, name, fileName, contentType, size } = content;
      const versions = await takeVersions(ctx, entity, _id);
      const trashed: Stored = {
        ...{ _id, user, ...(project && { project }) },
        ...{ kind: getKind(entity), name, fileName, contentType, size },
        content: { ...content, ...(versions.length > 0 && { versions }) },
        version: 1,
      };
      // The medium's own log tells that it was put there: no second entry.
      const session = { ...(ctx.session && { session: ctx.session }) };
      const now = databaseTime(ctx);
      const times = { createdAt: now, updatedAt: now, expiresAt: databaseTime(ctx, KEPT) };
      await insertComputed(TrashedMedium.collection, trashed, times, session);
      return true;
    },
  };
}

function contentOf(document: WithMarks): Medium {
  const { outbox, removing, ...content } = document;
  // The job of a stream finds nothing to make it for.
  if (content.stream?.status === 'PENDING') delete content.stream;
  // The worker of one that is being processed takes back what it has shown so far.
  if (content.status === 'PROCESSING' && !content.stands) {
    delete content.derivatives;
    delete content.derivativesPath;
  }
  return content;
}

/**
 * Checks again, after a medium was put into the trash, that its project is there: one that was
 * deleted meanwhile may have looked into the trash before, and its medium goes with it.
 */
export async function confirmTrashed(ctx: Ctx, id: UUID): Promise<void> {
  const trashed = await findOne(ctx, TrashedMedium, { _id: id }, { projection: { project: 1 } });
  if (!trashed?.project) return;
  const parent = { _id: trashed.project };
  if (await findOne(ctx, Project, parent, { projection: { _id: 1 } })) return;
  await removeAndSweep(ctx, TrashedMedium, { _id: id });
}

/** Those that could be restored; what is still being made goes as other children do. */
async function takeVersions(ctx: Ctx, entity: Entity, id: UUID): Promise<Medium[]> {
  const former = { [referenceTo(entity)]: id, status: 'READY' };
  const whole = { projection: {}, limit: MOST_VERSIONS };
  const found: WithMarks[] = await findMany(ctx, Version, former, whole);
  await takeOut(ctx, Version, found, 'trash');
  return found.map(({ outbox, removing, ...content }) => content);
}

/** Whether the objects under a medium's folder are those of one in the trash. */
export async function isTrashed(ctx: Ctx, id: UUID): Promise<boolean> {
  return (await findOne(ctx, TrashedMedium, { _id: id }, { projection: { _id: 1 } })) !== null;
}

/**
 * Takes a medium out of the trash: it is what it was, under the same id, with the same objects.
 * @throws AppError NOT_FOUND; VALIDATION_FAILED when its project has gone
 */
export async function restoreFromTrash(
  ctx: Ctx,
  filter: TypedFilter,
): Promise<{ entity: Entity<Medium>; document: Medium }> {
  const { entity, restored, job } = await transaction(ctx, async (tx) => {
    const session = { ...(tx.session && { session: tx.session }) };
    const trashed = await TrashedMedium.collection.findOneAndDelete(filter, session);
    if (!trashed) throw notFound();
    const entity = getEntityOfKind(trashed.kind);
    const { versions = [], ...content } = trashed.content as TrashedContent;
    const next = planAgain(tx, entity, content);
    const object = next && { object: { ...content.object, job: next.id } };
    const restored = { ...asRestored(tx, content), ...object };
    await entity.collection.insertOne(restored, session);
    await recordEvents(tx, entity, 'restored', [pickVisible(entity, restored)]);
    if (versions.length > 0) {
      const all = versions.map((version) => asRestored(tx, version));
      await Version.collection.insertMany(all, session);
    }
    if (next) await next.enqueue(tx);
    return { entity, restored, job: next?.id };
  });
  await confirmReferences(ctx, entity, restored, async () => {
    if (job) await removeAndSweep(ctx, Job, { _id: job });
    await removeAndSweep(ctx, entity, { _id: restored._id });
  });
  if (job) await ringJobs(ctx, job);
  // Read anew: what it referred to may have gone meanwhile.
  const document = await findOne(ctx, entity, { _id: restored._id });
  if (!document) throw notFound();
  return { entity, document };
}

function asRestored(tx: Ctx, document: Medium): Medium & { outbox: AuditEntry[] } {
  const outbox = [makeAuditEntry(tx, 'restore', [])];
  const version = document.version + 1;
  return { ...document, updatedAt: new Date(tx.clock()), version, outbox };
}

/** The job of one that was being processed: its own ended when it found nothing to process. */
function planAgain(
  ctx: Ctx,
  entity: Entity<Medium>,
  medium: Medium,
): PlannedProcessing | undefined {
  const etag = medium.object?.etag;
  if (medium.status !== 'PROCESSING' || !etag) return undefined;
  return planProcessing(ctx, entity, medium, etag);
}

/** Deletes for good what has been in the trash for its time. Returns how many. */
export async function emptyTrash(ctx: Ctx): Promise<number> {
  const isOver = hasCome(ctx, 'expiresAt');
  const expired = await findMany(ctx, TrashedMedium, isOver, {
    projection: { _id: 1 },
    sort: { expiresAt: 1 },
    limit: 100,
  });
  for (const { _id } of expired) await removeAndSweep(ctx, TrashedMedium, { _id, ...isOver });
  return expired.length;
}
