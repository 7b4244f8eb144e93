import type { UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { endParts } from './job-wholes.ts';
import { complete, enqueue, held, type NewJob, ringJobs } from './queue.ts';
import type { Work } from './worker.ts';

/** A job that waits for its parts looks for itself this often, in ms: nobody has to wake it, if all goes well. */
const WAIT = 3600_000;
/** The most parts of a job. */
const MOST = 1000;

/** What is left to do by other jobs, and what is needed to go on then. */
export interface Split {
  /** Where in S3 what is made of all of them will be. */
  target: string;
  /** Where they put theirs: a prefix that ends in a slash. */
  folder: string;
  /** At most 64 KiB. */
  state: object;
  parts: Pick<NewJob, 'type' | 'input'>[];
}

/**
 * Gives the rest of a job to others, in one transaction: it waits, without a worker, and is claimed once
 * more when the last of them has ended. Whoever cancels it cancels them; one that fails takes it along.
 * @throws Error when another worker has the job by now
 */
export async function split({ ctx, claim }: Work, of: Split): Promise<void> {
  const { job } = claim;
  const { target, folder, state } = of;
  const wait = new Date(ctx.clock() + WAIT);
  const parts = { target, folder, waiting: of.parts.length, state };
  const whole = {
    parent: job._id,
    // They may be many, and take long: what others have just asked for goes first.
    priority: Math.max(0, job.priority - 1),
    ...(job.user && { user: job.user }),
    ...(job.project && { project: job.project }),
  };
  const made = await transaction(ctx, async (tx) => {
    const set = { status: 'QUEUED', stage: 'parts', runAfter: wait, parts };
    if (!(await update(tx, Job, held(claim), { set }, null))) {
      throw new Error('The job was taken by another worker.');
    }
    const ids: UUID[] = [];
    for (const part of of.parts) ids.push((await enqueue(tx, { ...part, ...whole }))._id);
    return ids;
  });
  for (const id of made) await ringJobs(ctx, id);
}

/** Ends a job, and its parts, where there is nothing left to do it for. */
export async function supersede({ ctx, claim }: Work): Promise<void> {
  await transaction(ctx, async (tx) => {
    if (await complete(tx, claim, { superseded: true })) await endParts(tx, claim.job);
  });
}

/** Whether the whole still waits for this part. */
export async function isAwaited({ ctx, claim }: Work, target: string): Promise<boolean> {
  return (await findOne(ctx, Job, open(claim.job, target), { projection: { _id: 1 } })) !== null;
}

/**
 * Ends a part well; the last one wakes the whole. False when the whole has ended by now, so that nobody
 * needs it. @throws Error when another worker has the part by now
 */
export async function completePart(
  { ctx, claim }: Work,
  target: string,
  result: object,
): Promise<boolean> {
  const now = new Date(ctx.clock());
  const left = { $subtract: ['$parts.waiting', 1] };
  const next = { $cond: [{ $lte: ['$parts.waiting', 0] }, now, '$runAfter'] };
  const whole = await transaction(ctx, async (tx) => {
    const done = await complete(tx, claim, result);
    if (!done) throw new Error('The job was taken by another worker.');
    // One document, counted by the server itself: of two that end at once, one is the last.
    return Job.collection.findOneAndUpdate(
      open(claim.job, target),
      [{ $set: { 'parts.waiting': left, updatedAt: now } }, { $set: { runAfter: next } }],
      {
        returnDocument: 'after',
        projection: { 'parts.waiting': 1 },
        ...(tx.session && { session: tx.session }),
      },
    );
  });
  const waiting = (whole?.parts as { waiting: number } | undefined)?.waiting;
  if (whole && waiting === 0) await ringJobs(ctx, whole._id);
  return whole !== null;
}

/** Ends the whole where there is nothing left to do it for, and with it the other parts. */
export async function supersedeWhole({ ctx, claim }: Work, target: string): Promise<void> {
  const set = {
    status: 'COMPLETED',
    progress: 100,
    result: { superseded: true },
    completedAt: new Date(ctx.clock()),
  };
  await transaction(ctx, async (tx) => {
    await complete(tx, claim, { superseded: true });
    const whole = await update(tx, Job, open(claim.job, target), { set }, 'complete');
    if (whole) await endParts(tx, whole);
  });
}

/**
 * What the parts of a job say that they made. Null while one has not ended: then the job has been put back
 * to wait on.
 */
export async function resultsOf<T>({ ctx, claim }: Work): Promise<T[] | null> {
  const { job } = claim;
  const all = await findMany(
    ctx,
    Job,
    { parent: job._id, 'input.target': job.parts?.target },
    { projection: { status: 1, result: 1 }, limit: MOST },
  );
  if (all.every(({ status }) => status === 'COMPLETED')) return all.map((part) => part.result as T);
  const set = { status: 'QUEUED', runAfter: new Date(ctx.clock() + WAIT) };
  await update(ctx, Job, held(claim), { set }, null);
  return null;
}

function open({ parent }: JobDoc, target: string) {
  return { _id: parent as UUID, status: { $in: ['QUEUED', 'RUNNING'] }, 'parts.target': target };
}
