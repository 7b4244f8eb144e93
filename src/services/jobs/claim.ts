import type { Ctx } from '../../context.ts';
import { databaseTime, hasCome } from '../../data/database-time.ts';
import { findOne } from '../../data/read.ts';
import { ANY_QUEUE, Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { admitDue } from './admit.ts';
import type { Claim } from './held.ts';
import type { JobTypes } from './job-type.ts';

/** How long a claim holds without a heartbeat, in ms. */
export const LEASE = 20_000;
/** A job that has cost this many workers, their lives or all of their time, is stopped: it would go on for ever. */
const MOST_LOSSES = 25;
/** How often a process looks for lost jobs, and for those whose time has come, while others wait, in ms. */
const LOOK_EVERY = 1000;

/**
 * Takes the job whose turn it is in a queue, or one whose lease ran out. Each is one atomic command on
 * one index. Null when there is none of these types.
 * @param queue any of them, unless said
 */
export async function claim(
  ctx: Ctx,
  owner: string,
  types: JobTypes,
  queue?: JobQueue,
): Promise<Claim | null> {
  const isLooking = isTimeToLook(queue);
  if (isLooking) {
    const lost = await claimLost(ctx, owner, types, queue);
    if (lost) return lost;
    await admitDue(ctx, queue);
  }
  const waiting = await claimWaiting(ctx, owner, types, queue);
  if (waiting || isLooking) return waiting;
  const next = (await admitDue(ctx, queue)) && (await claimWaiting(ctx, owner, types, queue));
  return next || claimLost(ctx, owner, types, queue);
}

/** Takes the job whose turn it is. */
async function claimWaiting(
  ctx: Ctx,
  owner: string,
  types: JobTypes,
  queue?: JobQueue,
): Promise<Claim | null> {
  const waiting = { status: 'QUEUED', queue: queue ?? ANY_QUEUE, waitsFor: 'WORKER' };
  const found = await Job.collection.findOneAndUpdate(
    { ...waiting, type: { $in: [...types.keys()] } },
    [{ $set: makeClaim(ctx, owner) }],
    { returnDocument: 'after', sort: { turn: 1 }, hint: BY_TURN },
  );
  return readClaim(found);
}

/** Takes a job whose worker has not renewed its lease. */
async function claimLost(
  ctx: Ctx,
  owner: string,
  types: JobTypes,
  queue?: JobQueue,
): Promise<Claim | null> {
  const lost = { status: 'RUNNING', queue: queue ?? ANY_QUEUE, ...hasCome(ctx, 'lease.until') };
  const found = await Job.collection.findOneAndUpdate(
    { ...lost, type: { $in: [...types.keys()] } },
    [{ $set: { ...makeClaim(ctx, owner), losses: { $add: ['$losses', 1] } } }],
    { returnDocument: 'after', sort: { 'lease.until': 1 }, hint: BY_LEASE },
  );
  return readClaim(found);
}

// The indexes by their keys: the driver takes no name here.
const BY_TURN = { queue: 1, waitsFor: 1, turn: 1 };
const BY_LEASE = { queue: 1, 'lease.until': 1 };

function makeClaim(ctx: Ctx, owner: string) {
  const now = databaseTime(ctx);
  return {
    status: 'RUNNING',
    startedAt: { $ifNull: ['$startedAt', now] },
    lease: {
      owner,
      until: databaseTime(ctx, LEASE),
      token: { $add: [{ $ifNull: ['$lease.token', 0] }, 1] },
    },
    updatedAt: now,
    version: { $add: ['$version', 1] },
  };
}

/** The driver types what it found as any document; it is a job, with the lease just set. */
function readClaim(found: object | null): Claim | null {
  const job = found as (JobDoc & { lease: { token: number } }) | null;
  return job && { job, token: job.lease.token };
}

const looked = new Map<JobQueue | undefined, Moment>();

function isTimeToLook(queue: JobQueue | undefined): boolean {
  const last = looked.get(queue);
  if (last && isWithin(last, LOOK_EVERY)) return false;
  looked.set(queue, markMoment());
  return true;
}

/** Whether a job has cost too many workers to be given another. */
export function isHopeless({ job }: Claim): boolean {
  return job.losses > MOST_LOSSES;
}

/** Names the types of waiting jobs that this worker has no handler for: they stay queued for one that has. */
export async function reportUnknownTypes(ctx: Ctx, types: JobTypes): Promise<void> {
  const waiting = { status: 'QUEUED', queue: ANY_QUEUE, waitsFor: 'WORKER' };
  const unknown = { ...waiting, type: { $nin: [...types.keys()] } };
  const found = await findOne(ctx, Job, unknown, { projection: { type: 1 }, hint: 'claim' });
  if (!found) return;
  ctx.log.error('Jobs of a type without a handler stay queued.', { type: found.type });
}
