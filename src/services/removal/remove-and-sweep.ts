import type { Ctx } from '../../context.ts';
import type { Base, Entity } from '../../data/entity.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { type Keep, remove } from '../../data/remove.ts';
import { ringJobs } from '../jobs/queue.ts';
import { enqueueSweep } from './sweep-job.ts';

/**
 * Removes one document with what hangs on it, and wakes a worker for each job that sweeps the rest. False
 * when there is none. @throws AppError IN_USE
 */
export async function removeAndSweep<T extends Base>(
  ctx: Ctx,
  entity: Entity<T>,
  filter: TypedFilter,
  keep?: Keep<T>,
): Promise<boolean> {
  const gone = await remove(ctx, entity, filter, enqueueSweep, keep);
  for (const job of gone?.jobs ?? []) await ringJobs(ctx, job);
  return gone !== null;
}
