import type { Ctx } from '../../context.ts';
import { databaseTime, hasCome } from '../../data/database-time.ts';
import { findOne } from '../../data/read.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import type { JobTypes } from './job-type.ts';
import { type Claim, isDue } from './queue.ts';

/** How long a claim holds without a heartbeat, in ms. */
export const LEASE = 20_000;
/** A job that has cost this many workers, their lives or all of their time, is stopped: it would go on for ever. */
const MOST_LOSSES = 25;

/**
 * Takes the most urgent job that waits, or one whose lease ran out, by one atomic update. Null when there
 * is none of these types.
 */
export async function claim(ctx: Ctx, owner: string, types: JobTypes): Promise<Claim | null> {
  const now = databaseTime(ctx);
  const type = { $in: [...types.keys()] };
  const lease = {
    owner,
    until: databaseTime(ctx, LEASE),
    token: { $add: [{ $ifNull: ['$lease.token', 0] }, 1] },
  };
  const started = { startedAt: { $ifNull: ['$startedAt', now] }, status: 'RUNNING', lease };
  const touch = { updatedAt: now, version: { $add: ['$version', 1] } };
  const waiting = await Job.collection.findOneAndUpdate(
    { ...isDue(ctx), type },
    [{ $set: { ...started, ...touch } }],
    { returnDocument: 'after', sort: { priority: -1, runAfter: 1 } },
  );
  const found =
    waiting ??
    (await Job.collection.findOneAndUpdate(
      { status: 'RUNNING', ...hasCome(ctx, 'lease.until'), type },
      [{ $set: { ...started, ...touch, losses: { $add: ['$losses', 1] } } }],
      { returnDocument: 'after', sort: { 'lease.until': 1 } },
    ));
  // The driver types it as any document; it is a job, with the lease just set.
  const job = found as unknown as (JobDoc & { lease: { token: number } }) | null;
  return job && { job, token: job.lease.token };
}

/** Whether a job has cost too many workers to be given another. */
export function isHopeless({ job }: Claim): boolean {
  return job.losses > MOST_LOSSES;
}

/** Names the types of waiting jobs that this worker has no handler for: they stay queued for one that has. */
export async function reportUnknownTypes(ctx: Ctx, types: JobTypes): Promise<void> {
  const unknown = { ...isDue(ctx), type: { $nin: [...types.keys()] } };
  const found = await findOne(ctx, Job, unknown, { projection: { type: 1 }, hint: 'claim' });
  if (!found) return;
  ctx.log.error('Jobs of a type without a handler stay queued.', { type: found.type });
}
