import type { Ctx } from '../../context.ts';
import { type Entity, entities, entityNamed } from '../../data/entity.ts';
import { lowestIdAt, type UUID } from '../../data/ids.ts';
import { aggregate, findMany } from '../../data/read.ts';
import { type Reference, referencesOf, restrictionsOn } from '../../data/references.ts';
import { Job } from '../../models/jobs/job.ts';
import { tellFolded } from '../account/security-events.ts';
import { isDue, ringJobs } from '../jobs/queue.ts';
import { emptyTrash } from '../media/trash.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { findLostUploads } from '../uploads/arrivals.ts';
import { abortOrphanedUploads } from '../uploads/orphans.ts';

/** How old documents are, at most, that are checked for a missing parent, in ms. */
const WINDOW_MS = 15 * 60_000;

/** The counts of one run. */
export interface ReconcileCounts {
  rung: number;
  awaiting: number;
  uploads: number;
  orphans: number;
  emptied: number;
  folded: number;
}

/**
 * Repairs what lost messages and crashes leave behind: jobs without a wake-up, uploads without an
 * event, orphaned documents and multipart uploads. Also empties the trash, and tells of security
 * events that were only counted.
 */
export async function reconcile(ctx: Ctx): Promise<ReconcileCounts> {
  const rung = await ringForJobs(ctx);
  const awaiting = await findLostUploads(ctx);
  const emptied = await emptyTrash(ctx);
  const uploads = await abortOrphanedUploads(ctx);
  const folded = await tellFolded(ctx);
  let orphans = 0;
  for (const entity of entities.values()) {
    for (const reference of referencesOf(entity).filter((r) => r.onDelete === 'cascade')) {
      orphans += await removeOrphans(ctx, reference);
    }
    await clearRemovalMarks(ctx, entity);
  }
  return { rung, awaiting, uploads, orphans, emptied, folded };
}

async function ringForJobs(ctx: Ctx): Promise<number> {
  const now = ctx.clock();
  const waiting = await findMany(ctx, Job, isDue(new Date(now)), {
    projection: { _id: 1 },
    sort: { priority: -1, runAfter: 1 },
    limit: 100,
  });
  for (const { _id } of waiting) await ringJobs(ctx, _id);
  // Whether the worker of a running job is alive is unknown. A wake-up at the end of its lease
  // finds the lease renewed, which costs nothing, or expired, and then the job is claimed at once.
  const running = await findMany(
    ctx,
    Job,
    { status: 'RUNNING' },
    { projection: { 'lease.until': 1 }, sort: { 'lease.until': 1 }, limit: 100 },
  );
  for (const { _id, lease } of running) {
    const left = (lease as { until: Date }).until.getTime() - now;
    await ringJobs(ctx, _id, Math.max(0, Math.ceil(left / 1000) + 1));
  }
  return waiting.length + running.length;
}

/**
 * Removes recent children whose parent is gone: the process that inserted them crashed before it
 * confirmed the reference.
 */
async function removeOrphans(ctx: Ctx, reference: Reference): Promise<number> {
  const { entity, path, to } = reference;
  const since = lowestIdAt(ctx.clock() - WINDOW_MS);
  const orphans = await aggregate<{ _id: UUID }>(ctx, entity, [
    { $match: { _id: { $gte: since }, [path]: { $exists: true } } },
    {
      $lookup: {
        from: entityNamed(to).collectionName,
        localField: path,
        foreignField: '_id',
        pipeline: [{ $project: { _id: 1 } }],
        as: 'parents',
      },
    },
    { $match: { parents: { $size: 0 } } },
    { $project: { _id: 1 } },
    { $limit: 1000 },
  ]);
  for (const { _id } of orphans) await removeAndSweep(ctx, entity, { _id });
  if (orphans.length > 0)
    ctx.log.warn('Orphans were removed.', { entity: entity.name, path, n: orphans.length });
  return orphans.length;
}

/** Clears the `removing` marks that interrupted removals left. */
async function clearRemovalMarks(ctx: Ctx, entity: Entity): Promise<void> {
  if (restrictionsOn(entity.name).length === 0) return;
  const before = new Date(ctx.clock() - 60_000);
  await entity.collection.updateMany({ removing: { $lt: before } }, { $unset: { removing: 1 } });
}
