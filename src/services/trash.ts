import type { Ctx } from '../context.ts';
import { auditEntry } from '../data/audit.ts';
import { type Base, type Entity, entityNamed, type Stored } from '../data/entity.ts';
import type { UUID } from '../data/ids.ts';
import { findMany, findOne, type TypedFilter } from '../data/read.ts';
import { confirmReferences } from '../data/references.ts';
import type { Keep } from '../data/remove.ts';
import { transaction } from '../data/transaction.ts';
import { notFound } from '../errors.ts';
import { TrashedMedium } from '../models/studio/trashed-medium.ts';
import { enqueue, ringJobs } from './jobs.ts';
import type { Medium } from './media-keys.ts';
import { processingJob } from './processing.ts';
import { removeAndSweep } from './removal.ts';

/** How long what was deleted may be restored, in ms. */
const KEPT = 30 * 24 * 3600 * 1000;

/** How a medium is deleted: into the trash, with its objects where they are; one without bytes for good. */
export function trashing<T extends Base>(entity: Entity<T>): Keep<T> {
  return {
    action: 'trash',
    async store(ctx, document) {
      const { outbox, removing, ...content } = document as unknown as Stored;
      if (content.status === 'AWAITING_UPLOAD') return false;
      // Its job finds nothing to make it for.
      if (content.stream?.status === 'PENDING') delete content.stream;
      const now = new Date(ctx.clock());
      const { _id, user, project, name, fileName, contentType, size } = content;
      const trashed = {
        ...{ _id, user, ...(project && { project }) },
        ...{ kind: entity.name, name, fileName, contentType, size, content },
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
    const entity = entityNamed(trashed.kind as string);
    const content = trashed.content as Stored;
    const restored = {
      ...content,
      updatedAt: new Date(tx.clock()),
      version: (content.version as number) + 1,
      outbox: [auditEntry(tx, 'restore', [])],
    };
    await entity.collection.insertOne(restored, session);
    return { entity, restored, job: await goOn(tx, entity, restored as unknown as Medium) };
  });
  await confirmReferences(ctx, entity, restored as unknown as Base);
  if (job) await ringJobs(ctx, job);
  // As it stands: what it referred to may have gone meanwhile.
  const document = await findOne(ctx, entity, { _id: restored._id });
  if (!document) throw notFound();
  return { entity, document };
}

/** Its job ended when it found nothing to process. */
async function goOn(ctx: Ctx, entity: Entity, medium: Medium): Promise<UUID | undefined> {
  const etag = medium.object?.etag;
  if (medium.status !== 'PROCESSING' || !etag) return undefined;
  return (await enqueue(ctx, processingJob(entity, medium, etag)))._id;
}

/** Deletes for good what has been in the trash for its time. Returns how many. */
export async function emptyTrash(ctx: Ctx): Promise<number> {
  const expired = await findMany(
    ctx,
    TrashedMedium,
    { expiresAt: { $lte: new Date(ctx.clock()) } },
    { projection: { _id: 1 }, sort: { expiresAt: 1 }, limit: 100 },
  );
  for (const { _id } of expired) await removeAndSweep(ctx, TrashedMedium, { _id });
  return expired.length;
}
