import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { type EnqueueSweep, remove } from '../../data/remove.ts';
import { getEntityOfKind, MEDIA_KINDS } from '../../models/media/media-fields.ts';
import { TrashedMedium } from '../../models/media/trashed-medium.ts';
import { ringJobs } from '../jobs/queue.ts';

/**
 * Removes media for good, wherever they are by now: where they were made, in another project, or in the trash, which
 * is looked into last, as one may get there meanwhile.
 */
export async function discardMedia(
  ctx: Ctx,
  media: UUID[],
  enqueueSweep: EnqueueSweep,
): Promise<void> {
  if (media.length === 0) return;
  const kinds = Object.keys(MEDIA_KINDS).map((kind) => getEntityOfKind(kind)) as Entity[];
  for (const entity of [...kinds, TrashedMedium as unknown as Entity]) {
    const options = { projection: { _id: 1 }, limit: media.length };
    for (const { _id } of await findMany(ctx, entity, { _id: { $in: media } }, options)) {
      const gone = await remove(ctx, entity, { _id }, enqueueSweep);
      for (const job of gone?.jobs ?? []) await ringJobs(ctx, job);
    }
  }
}
