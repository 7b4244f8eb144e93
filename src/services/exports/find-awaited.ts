import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Job, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { findStarted } from '../jobs/started.ts';
import { type ReprocessInput, reprocessMedia } from '../media/reprocess-job.ts';
import type { Awaited } from './find-media.ts';

/** Finds which media the jobs will make READY that an export waits for. */
export async function findAwaited(
  ctx: Ctx,
  user: UUID,
  after: readonly UUID[] = [],
): Promise<Awaited | undefined> {
  if (after.length === 0) return undefined;
  const open = { user, status: { $in: OPEN_STATUSES } };
  const filter = { _id: { $in: [...after] }, ...open };
  const jobs = await findMany(ctx, Job, filter, { limit: after.length });
  const started = await Promise.all(jobs.map(({ _id }) => findStarted(ctx, _id, open)));
  return {
    jobs: [...jobs, ...started.flat()].map(({ _id }) => _id),
    media: jobs
      .filter(({ type }) => type === reprocessMedia.name)
      .flatMap(({ input }) => (input as ReprocessInput).media),
  };
}
