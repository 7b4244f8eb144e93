import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { type Fault, invalid } from '../../errors.ts';
import { Job, type JobDoc, OPEN_STATUSES } from '../../models/jobs/job.ts';
import { ringJobs } from './ring.ts';

// A job may wait for others. It lists those that have not completed; the transaction that completes one
// takes it off all lists. Whoever starts to wait counts himself in the other job first: of the two
// transactions the second sees what the first has done, since both change that job.

/** How many jobs may wait for one. */
const MOST_DEPENDENTS = 100;

/**
 * Has a new job wait for others, in the transaction that writes it. @returns those that have not completed
 * @throws AppError VALIDATION_FAILED for one that is not there, or will not complete
 */
export async function awaitJobs(
  tx: Ctx,
  ids: readonly UUID[],
  user: UUID | null | undefined,
): Promise<string[]> {
  const pending: string[] = [];
  const faults: Fault[] = [];
  for (const [n, _id] of ids.entries()) {
    const one = { _id, ...(user && { user }) };
    const open = { ...one, status: { $in: ['QUEUED', 'RUNNING'] } };
    const found = await Job.collection.findOneAndUpdate(
      open,
      { $inc: { dependents: 1 } },
      { projection: { dependents: 1 }, ...(tx.session && { session: tx.session }) },
    );
    if (found && (found.dependents ?? 0) >= MOST_DEPENDENTS)
      faults.push({
        path: `after.${n}`,
        message: `has ${MOST_DEPENDENTS} that wait for it already`,
      });
    else if (found) pending.push(idText(_id));
    else faults.push(...(await findFaults(tx, one, n)));
  }
  if (faults.length > 0) throw invalid(faults);
  return pending;
}

/** Which of these nobody can wait for, without waiting for any. */
export async function findAwaitFaults(ctx: Ctx, ids: readonly UUID[], user: UUID | undefined) {
  const faults = ids.map((_id, n) => findFaults(ctx, { _id, ...(user && { user }) }, n));
  return (await Promise.all(faults)).flat();
}

async function findFaults(ctx: Ctx, one: { _id: UUID }, n: number): Promise<Fault[]> {
  const [job] = await findMany(ctx, Job, one, { projection: { status: 1 }, limit: 1 });
  if (job?.status === 'COMPLETED' || OPEN_STATUSES.includes(job?.status ?? '')) return [];
  const path = `after.${n}`;
  if (!job) return [{ path, message: 'refers to nothing that exists' }];
  return [{ path, message: `refers to a job that is ${job.status}` }];
}

/** Lets the jobs go on that waited for this one, in the transaction that completes it. */
export async function releaseDependents(tx: Ctx, { _id, dependents }: JobDoc): Promise<void> {
  if (!dependents) return;
  const pending = { $setDifference: ['$pending', [idText(_id)]] };
  const waitsFor = { $cond: [{ $eq: ['$pending', []] }, 'TIME', '$waitsFor'] };
  await Job.collection.updateMany(
    { pending: idText(_id), status: 'QUEUED' },
    [
      { $set: { pending, updatedAt: databaseTime(tx), version: { $add: ['$version', 1] } } },
      { $set: { waitsFor } },
    ],
    { ...(tx.session && { session: tx.session }) },
  );
}

/** After that commit: wakes workers for them. */
export async function ringDependents(ctx: Ctx, { _id, dependents }: JobDoc): Promise<void> {
  if (!dependents) return;
  for (const job of await findDependents(ctx, _id, { waitsFor: 'TIME' })) await ringJobs(ctx, job);
}

/** The jobs that wait, or have waited, for this one. */
export function findDependents(
  ctx: Ctx,
  _id: UUID,
  more: object = {},
  limit = MOST_DEPENDENTS,
): Promise<JobDoc[]> {
  return findMany(ctx, Job, { after: idText(_id), ...more }, { limit });
}
