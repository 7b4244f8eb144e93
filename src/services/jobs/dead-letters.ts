import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { retryJob } from './control.ts';
import type { JobTypes } from './job-type.ts';

/** Which failed jobs are meant. */
export interface DeadLetters {
  queue?: JobQueue;
  type?: string;
  code?: string;
  /** Those that failed before. */
  before?: Date;
  /** These alone. */
  jobs?: UUID[];
}

/** Failed jobs, and `before` of those that failed earlier; null where there are none. */
interface DeadPage {
  jobs: JobDoc[];
  next: Date | null;
}

/** The jobs that have failed for good, the latest first; children fail with their parent. */
export async function findDeadLetters(
  ctx: Ctx,
  which: DeadLetters,
  limit: number,
): Promise<DeadPage> {
  const { queue, type, code, before, jobs } = which;
  const failed = {
    status: 'FAILED',
    completedAt: { $lt: before ?? new Date(8.64e15) },
    parent: { $exists: false },
    ...(queue && { queue }),
    ...(type && { type }),
    ...(code && { 'error.code': code }),
    ...(jobs && { _id: { $in: jobs } }),
  };
  const hint = jobs ? {} : { hint: 'dead' };
  const options = { sort: { completedAt: -1 }, limit: limit + 1, ...hint } as const;
  return endBetweenTimes(await findMany(ctx, Job, failed, options), limit);
}

/** A page ends where the time of failure changes, so that none is left out before the next one. */
function endBetweenTimes(found: JobDoc[], limit: number): DeadPage {
  const timeOf = (job?: JobDoc) => job?.completedAt?.getTime();
  if (found.length <= limit) return { jobs: found, next: null };
  const page = found.slice(0, limit);
  const whole = page.filter((job) => timeOf(job) !== timeOf(found[limit]));
  const jobs = whole.length > 0 ? whole : page;
  return { jobs, next: jobs.at(-1)?.completedAt ?? null };
}

/** What became of failed jobs that were to be started anew. */
export interface Redriven {
  redriven: number;
  /** Those that could not be, and why: their owner has no credits, somebody else has started them… */
  skipped: { job: string; code: string }[];
  next: Date | null;
}

/** Starts failed jobs anew, the latest first. What forbids it for one says nothing of the others. */
export async function redrive(
  ctx: Ctx,
  types: JobTypes,
  which: DeadLetters,
  limit: number,
): Promise<Redriven> {
  const { jobs, next } = await findDeadLetters(ctx, which, limit);
  const skipped = await findUnfit(ctx, which.jobs ?? [], jobs);
  let redriven = 0;
  for (const { _id } of jobs) {
    const code = await retryOne(ctx, types, _id);
    if (code) skipped.push({ job: idText(_id), code });
    else redriven++;
  }
  return { redriven, skipped, next };
}

/** Those that were named, and are not there, or have not failed so. */
async function findUnfit(ctx: Ctx, named: UUID[], fit: JobDoc[]): Promise<Redriven['skipped']> {
  const ids = new Set(fit.map(({ _id }) => idText(_id)));
  const others = named.filter((id) => !ids.has(idText(id)));
  if (others.length === 0) return [];
  const options = { projection: { _id: 1 }, limit: others.length };
  const known = await findMany(ctx, Job, { _id: { $in: others } }, options);
  const there = new Set(known.map(({ _id }) => idText(_id)));
  return others.map(idText).map((job) => ({
    job,
    code: there.has(job) ? 'INVALID_STATE' : 'NOT_FOUND',
  }));
}

/** @returns why it could not be started anew */
async function retryOne(ctx: Ctx, types: JobTypes, _id: UUID): Promise<string | undefined> {
  try {
    await retryJob(ctx, types, { _id });
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
}
