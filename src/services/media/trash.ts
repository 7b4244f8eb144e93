import type { Ctx } from '../../context.ts';
import { makeAuditEntry } from '../../data/audit.ts';
import type { Base, Entity, Stored } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { confirmReferences } from '../../data/references.ts';
import { type Keep, takeOut } from '../../data/remove.ts';
import { transaction } from '../../data/transaction.ts';
import { notFound } from '../../errors.ts';
import { entityOfKind, kindOf } from '../../models/media/media-fields.ts';
import { MediumVersion } from '../../models/media/medium-version.ts';
import { TrashedMedium } from '../../models/media/trashed-medium.ts';
import { enqueue, ringJobs } from '../jobs/queue.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import type { Medium } from './keys.ts';
import { processingJob } from './reprocess.ts';
import { referenceTo } from './versions.ts';

/** How long what was deleted may be restored, in ms. */
const KEPT = 30 * 24 * 3600 * 1000;

/** More than any medium has. */
const MOST_VERSIONS = 100;

/** The document as it was, and its former versions. */
export type Content = Stored & { versions?: Stored[] };

/** How a medium is deleted: into the trash, with its former versions, and with its objects where they are; one without bytes for good. */
export function trashing<T extends Base>(entity: Entity<T>): Keep<T> {
  return {
    action: 'trash',
    async store(ctx, document) {
      const { outbox, removing, ...content } = document as unknown as Stored;
      if (content.status === 'AWAITING_UPLOAD') return false;
      // Its job finds nothing to make it for.
      if (content.stream?.status === 'PENDING') delete content.stream;
      // Its worker takes back what it has shown so far.
      if (content.status === 'PROCESSING' && !content.stands) {
        delete content.derivatives;
        delete content.derivativesPath;
      }
      const now = new Date(ctx.clock());
      const { _id, user, project, name, fileName, contentType, size } = content;
      const versions = await takeVersions(ctx, entity as Entity, _id as UUID);
      const trashed = {
        ...{ _id, user, ...(project && { project }) },
        ...{ kind: kindOf(entity), name, fileName, contentType, size },
        content: { ...content, ...(versions.length > 0 && { versions }) },
        expiresAt: new Date(now.getTime() + KEPT),
        ...{ createdAt: now, updatedAt: now, version: 1 },
      };
      // Its own log tells that it was put there: no second entry.
      await TrashedMedium.collection.insertOne(trashed as Stored, {
        ...(ctx.session && { session: ctx.session }),
      });
      return true;
    },
  };
}

/** Those that could be restored; what is still being made goes as other children do. */
async function takeVersions(ctx: Ctx, entity: Entity, id: UUID): Promise<Stored[]> {
  const former = { [referenceTo(entity)]: id, status: 'READY' };
  const whole = { projection: {}, limit: MOST_VERSIONS };
  const found = await findMany(ctx, MediumVersion, former, whole);
  await takeOut(ctx, MediumVersion as Entity, found, 'trash');
  return found.map((version) => {
    const { outbox, removing, ...content } = version as unknown as Stored;
    return content;
  });
}

/** Whether the objects under a medium's folder are those of one in the trash. */
export async function isTrashed(ctx: Ctx, id: UUID): Promise<boolean> {
  return (await findOne(ctx, TrashedMedium, { _id: id }, { projection: { _id: 1 } })) !== null;
}

/**
 * Takes a medium out of the trash: it is what it was, under the same id, with the same objects.
 * @throws AppError NOT_FOUND; VALIDATION_FAILED when its project has gone
 */
export async function restore(
  ctx: Ctx,
  filter: TypedFilter,
): Promise<{ entity: Entity; document: Base }> {
  const { entity, restored, job } = await transaction(ctx, async (tx) => {
    const session = { ...(tx.session && { session: tx.session }) };
    const trashed = await TrashedMedium.collection.findOneAndDelete(filter, session);
    if (!trashed) throw notFound();
    const entity = entityOfKind(trashed.kind);
    const { versions = [], ...content } = trashed.content as Content;
    const back = (document: Stored) => ({
      ...document,
      updatedAt: new Date(tx.clock()),
      version: (document.version as number) + 1,
      outbox: [makeAuditEntry(tx, 'restore', [])],
    });
    const next = goesOn(tx, entity, content as unknown as Medium);
    const object = next && { object: { ...content.object, job: next._id } };
    const restored = { ...back(content), ...object };
    await entity.collection.insertOne(restored, session);
    if (versions.length > 0) await MediumVersion.collection.insertMany(versions.map(back), session);
    return { entity, restored, job: next && (await enqueue(tx, next))._id };
  });
  await confirmReferences(ctx, entity, restored as unknown as Base);
  if (job) await ringJobs(ctx, job);
  // As it stands: what it referred to may have gone meanwhile.
  const document = await findOne(ctx, entity, { _id: restored._id });
  if (!document) throw notFound();
  return { entity, document };
}

/** The job of one that was being processed: its own ended when it found nothing to process. */
function goesOn(ctx: Ctx, entity: Entity, medium: Medium) {
  const etag = medium.object?.etag;
  if (medium.status !== 'PROCESSING' || !etag) return undefined;
  return processingJob(ctx, entity, medium, etag);
}

/** Deletes for good what has been in the trash for its time. Returns how many. */
export async function emptyTrash(ctx: Ctx): Promise<number> {
  const expiresAt = { $lte: new Date(ctx.clock()) };
  const expired = await findMany(
    ctx,
    TrashedMedium,
    { expiresAt },
    { projection: { _id: 1 }, sort: { expiresAt: 1 }, limit: 100 },
  );
  for (const { _id } of expired) await removeAndSweep(ctx, TrashedMedium, { _id, expiresAt });
  return expired.length;
}
