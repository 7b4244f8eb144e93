import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { type JobDoc, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { SETTLED } from '../../models/media/media-fields.ts';
import type { WakeLater, Work } from '../jobs/job-type.ts';
import { ringJobs } from '../jobs/queue.ts';
import { findStarted } from '../jobs/started.ts';
import { getEntityOfKind } from './medium.ts';
import { reprocess } from './reprocess.ts';
import type { ReprocessInput, ReprocessResult } from './reprocess-job.ts';

/** How often it looks how far the media are, in s: the longer it takes, the less often. */
const [SOONEST, LATEST] = [1, 15];

/**
 * Has each medium processed by a job of its own, and ends when all of these have. Those that cannot be
 * processed are counted.
 */
export async function reprocessMany(
  work: Work<ReprocessInput>,
): Promise<ReprocessResult | WakeLater> {
  const { ctx, input, job } = work;
  await startMissing(work, await findStarted(ctx, job._id));
  const started = await findStarted(ctx, job._id);
  const open = started.filter(({ status }) => OPEN_STATUSES.includes(status));
  if (open.length === 0) {
    const failed = started.filter(({ status }) => status !== 'COMPLETED').length;
    return { started: started.length, skipped: input.media.length - started.length, failed };
  }
  const done = open.reduce(
    (sum, { progress }) => sum + progress,
    100 * (started.length - open.length),
  );
  const seconds = (ctx.clock() - (job.startedAt ?? job.createdAt).getTime()) / 1000;
  const wakeIn = Math.min(Math.max(Math.floor(seconds / 20), SOONEST), LATEST);
  return { wakeIn, progress: done / started.length };
}

/** Starts those that no run of this job has started yet. */
async function startMissing(
  { ctx, input, job, signal }: Work<ReprocessInput>,
  started: JobDoc[],
): Promise<void> {
  const entity = getEntityOfKind(input.kind);
  const known = new Set(started.map(({ input: { document } }) => idText(document as UUID)));
  const missing = input.media.filter((id) => !known.has(idText(id)));
  if (missing.length === 0) return;
  const settled = { _id: { $in: missing }, user: job.user, status: { $in: SETTLED } };
  const options = { projection: { outbox: 0 }, limit: missing.length };
  for (const medium of await findMany(ctx, entity, settled, options)) {
    signal.throwIfAborted();
    await startOne(ctx, () => reprocess(ctx, entity, medium, job._id));
  }
}

async function startOne(ctx: Ctx, start: () => Promise<{ job: UUID }>): Promise<void> {
  try {
    await ringJobs(ctx, (await start()).job);
  } catch (error) {
    // It has no bytes, or other work by now.
    if (!(error instanceof AppError && error.code === 'INVALID_STATE')) throw error;
  }
}
