import type { Ctx } from '../../context.ts';
import { type Entity, entities, entityNamed } from '../../data/entity.ts';
import { lowestIdAt, type UUID } from '../../data/ids.ts';
import { aggregate, findMany } from '../../data/read.ts';
import { type Reference, referencesOf, restrictionsOn } from '../../data/references.ts';
import { Job } from '../../models/jobs/job.ts';
import { isDue, ringJobs } from '../jobs/queue.ts';
import { emptyTrash } from '../media/trash.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { findLostUploads } from '../uploads/arrivals.ts';
import { abortOrphanedUploads } from '../uploads/orphans.ts';

/** How far back it looks for what a crash left behind, in ms. */
const WINDOW = 15 * 60_000;

/** What one run found. */
export interface Findings {
  rung: number;
  awaiting: number;
  uploads: number;
  orphans: number;
  emptied: number;
}

/** Heals what lost messages and crashes leave: jobs nobody woke for, uploads nobody heard of, orphans; and empties the trash. */
export async function reconcile(ctx: Ctx): Promise<Findings> {
  const rung = await ringForWaiting(ctx);
  const awaiting = await findLostUploads(ctx);
  const emptied = await emptyTrash(ctx);
  const uploads = await abortOrphanedUploads(ctx);
  let orphans = 0;
  for (const entity of entities.values()) {
    for (const reference of referencesOf(entity).filter((r) => r.onDelete === 'cascade')) {
      orphans += await removeOrphans(ctx, reference);
    }
    await unmark(ctx, entity);
  }
  return { rung, awaiting, uploads, orphans, emptied };
}

async function ringForWaiting(ctx: Ctx): Promise<number> {
  const now = ctx.clock();
  const waiting = await findMany(ctx, Job, isDue(new Date(now)), {
    projection: { _id: 1 },
    sort: { priority: -1, runAfter: 1 },
    limit: 100,
  });
  for (const { _id } of waiting) await ringJobs(ctx, _id);
  // Of a job that runs, nobody can tell whether its worker lives: a ring when the claim would end finds
  // it renewed, which costs nothing, or lost, which is then known at once.
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

/** Children made lately whose parent is gone: their maker was cut off before it could look again. */
async function removeOrphans(ctx: Ctx, reference: Reference): Promise<number> {
  const { entity, path, to } = reference;
  const since = lowestIdAt(ctx.clock() - WINDOW);
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

/** A document left marked as going, by a removal that was cut off, stands again. */
async function unmark(ctx: Ctx, entity: Entity): Promise<void> {
  if (restrictionsOn(entity.name).length === 0) return;
  const before = new Date(ctx.clock() - 60_000);
  await entity.collection.updateMany({ removing: { $lt: before } }, { $unset: { removing: 1 } });
}
