import type { Ctx } from '../../context.ts';
import { databaseTime, hasCome } from '../../data/database-time.ts';
import { isDuplicate } from '../../data/failures.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { findMany, findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { ANY_QUEUE, Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { findFreeSlots } from './limits.ts';
import { ringJobs } from './ring.ts';
import { takeTurns } from './turns.ts';

// A job that a worker may claim has been admitted: its time has come, it has a turn, and a slot of each
// limit that applies to it. Slots are unique in the database, so no limit is ever exceeded; and they stand
// in the job itself, so none is lost with a process.

/** How many jobs are admitted at a time. */
const AT_ONCE = 100;
/** How often slots are looked for that another job has taken meanwhile. */
const TRIES = 10;

/**
 * Admits the jobs whose time has come.
 * @param queue of any queue, unless said
 * @returns how many workers may have something to do
 */
export async function admitDue(ctx: Ctx, queue?: JobQueue): Promise<number> {
  const due = await findMany(
    ctx,
    Job,
    { status: 'QUEUED', waitsFor: 'TIME', queue: queue ?? ANY_QUEUE, ...hasCome(ctx, 'runAfter') },
    { projection: ADMISSION, sort: { runAfter: 1 }, limit: AT_ONCE, hint: 'due' },
  );
  let admitted = 0;
  for (const job of due) admitted += (await admit(ctx, job)) ? 1 : 0;
  return admitted;
}

/** Admits a job whose time has come, unless a limit forbids it, for which it then waits. */
async function admit(ctx: Ctx, job: JobDoc): Promise<boolean> {
  // What was begun has its turn already.
  const turn = job.turn ?? (await takeTurn(ctx, job));
  const waiting = { _id: job._id, status: 'QUEUED', waitsFor: job.waitsFor };
  for (let i = 0; i < TRIES; i++) {
    const { slots, limit } = job.slots ? { slots: job.slots } : await findFreeSlots(ctx, job);
    if (limit) {
      const set = { waitsFor: 'LIMIT', waitsForLimit: limit, turn };
      await update(ctx, Job, waiting, { set }, null);
      return false;
    }
    try {
      return await giveToWorkers(ctx, waiting, turn, slots);
    } catch (error) {
      // Somebody else has one of these slots by now.
      if (!isDuplicate(error)) throw error;
    }
  }
  return false;
}

async function takeTurn(ctx: Ctx, { queue, user, priority }: JobDoc): Promise<number> {
  const { turns } = await takeTurns(ctx, queue, { user, count: 1, priority });
  return turns[0] as number;
}

/**
 * Has a job wait for a worker, by one command: many jobs are admitted again and again, and that its turn is awaited
 * is no news. The event that it runs follows.
 */
async function giveToWorkers(
  ctx: Ctx,
  waiting: TypedFilter,
  turn: number,
  slots: string[] | undefined,
): Promise<boolean> {
  const common = { updatedAt: databaseTime(ctx), version: { $add: ['$version', 1] } };
  const place = { waitsFor: 'WORKER', turn, ...(slots && { slots: { $literal: slots } }) };
  const { modifiedCount } = await Job.collection.updateOne(waiting, [
    { $set: { ...place, ...common } },
    { $unset: 'waitsForLimit' },
  ]);
  return modifiedCount > 0;
}

/** After a slot was freed: the job whose turn it is gets it, and a worker is rung for. */
export async function admitNext(ctx: Ctx, limits: JobDoc['limits']): Promise<void> {
  for (const limit of limits ?? []) {
    // The first one may be kept back by another limit, too.
    for (let i = 0; i < TRIES; i++) {
      const waiting = { status: 'QUEUED', waitsFor: 'LIMIT', waitsForLimit: limit };
      const options = { projection: ADMISSION, sort: { turn: 1 }, hint: 'limited' } as const;
      const job = await findOne(ctx, Job, waiting, options);
      if (!job) break;
      if (await admit(ctx, job)) {
        await ringJobs(ctx, job);
        break;
      }
      const after = await findOne(ctx, Job, { _id: job._id }, { projection: { waitsForLimit: 1 } });
      if (after?.waitsForLimit === limit) break;
    }
  }
}

/** For each limit that jobs wait for: those that find a slot get it. What a crash left is found so. */
export async function admitLimited(ctx: Ctx): Promise<void> {
  for (let limit = ''; ; ) {
    const next = { status: 'QUEUED', waitsFor: 'LIMIT', waitsForLimit: { $gt: limit } };
    const options = {
      projection: { waitsForLimit: 1 },
      sort: { waitsForLimit: 1 },
      hint: 'limited',
    } as const;
    const found = await findOne(ctx, Job, next, options);
    if (!found?.waitsForLimit) return;
    limit = found.waitsForLimit;
    await admitNext(ctx, [limit]);
  }
}

const ADMISSION = { user: 1, queue: 1, priority: 1, waitsFor: 1, turn: 1, limits: 1, slots: 1 };
