import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, parseId } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { findDependents } from './dependencies.ts';

/** The most jobs that are counted before one, and the most of one graph. */
const MOST_AHEAD = 10_000;
const MOST_IN_GRAPH = 200;

/** Where a job stands in its queue, and what it waits for. */
export interface Outlook {
  queue: string;
  status: string;
  waitsFor: string | null;
  /** 1 is next; null where it waits for no worker. */
  position: number | null;
  /** Whether there may be more before it than were counted. */
  isLowerBound: boolean;
  reason: string;
}

export async function readOutlook(job: JobDoc): Promise<Outlook> {
  const { queue, status } = job;
  if (status !== 'QUEUED')
    return {
      queue,
      status,
      waitsFor: null,
      position: null,
      isLowerBound: false,
      reason: `It is ${status}.`,
    };
  const { waitsFor } = job;
  const reason = describeWait(job);
  const ahead = waitsFor === 'WORKER' ? await countAhead(job) : undefined;
  const position = ahead === undefined ? null : ahead + 1;
  return { queue, status, waitsFor, position, isLowerBound: ahead === MOST_AHEAD, reason };
}

function countAhead({ queue, turn }: JobDoc): Promise<number> {
  const before: TypedFilter = { queue, status: 'QUEUED', waitsFor: 'WORKER', turn: { $lt: turn } };
  return Job.collection.countDocuments(before, { limit: MOST_AHEAD, hint: 'claim' });
}

function describeWait({ waitsFor, waitsForLimit, runAfter, error, after }: JobDoc): string {
  switch (waitsFor) {
    case 'TIME':
      return error
        ? `It has failed, and is tried again after ${runAfter.toISOString()}.`
        : `It does not run before ${runAfter.toISOString()}.`;
    case 'LIMIT':
      return `As many run at once as may: ${waitsForLimit?.replace(/^user \S+ /, 'yours of ')}.`;
    case 'JOBS':
      return `It waits for ${after?.length === 1 ? 'another job' : 'other jobs'} to complete.`;
    case 'CHILDREN':
      return 'Its parts are being made.';
    default:
      return 'It waits for its turn.';
  }
}

/** Jobs that wait for each other, as one. */
export interface Graph {
  status: JobDoc['status'];
  progress: number;
  jobs: JobDoc[];
  isComplete: boolean;
}

/**
 * All jobs that a job waits for, or that wait for it, at however many removes; of those that a newer one took
 * the place of, the newer one.
 */
export async function readGraph(ctx: Ctx, job: JobDoc): Promise<Graph> {
  const jobs = new Map([[idText(job._id), job]]);
  let isComplete = true;
  for (let next = [job]; next.length > 0; ) {
    const found = (await Promise.all(next.map((one) => findNeighbours(ctx, one)))).flat();
    next = [];
    for (const one of found) {
      if (jobs.has(idText(one._id))) continue;
      if (jobs.size === MOST_IN_GRAPH) isComplete = false;
      else {
        jobs.set(idText(one._id), one);
        next.push(one);
      }
    }
  }
  const all = [...jobs.values()].toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const sum = all.reduce((total, { progress }) => total + progress, 0);
  return {
    status: joinStatuses(all),
    progress: Math.floor(sum / all.length),
    jobs: all,
    isComplete,
  };
}

const IN_PLACE = { supersededBy: { $exists: false } };

async function findNeighbours(
  ctx: Ctx,
  { _id, user, after, dependents }: JobDoc,
): Promise<JobDoc[]> {
  const ids = (after ?? []).map(parseId).filter((id) => id !== undefined);
  const before = { _id: { $in: ids }, ...(user && { user }), ...IN_PLACE };
  return [
    ...(ids.length > 0 ? await findMany(ctx, Job, before, { limit: ids.length }) : []),
    ...(dependents ? await findDependents(ctx, _id, IN_PLACE) : []),
  ];
}

/** The worst end there is; else how far they are. */
function joinStatuses(jobs: JobDoc[]): JobDoc['status'] {
  const has = (status: JobDoc['status']) => jobs.some((job) => job.status === status);
  if (has('FAILED')) return 'FAILED';
  if (has('CANCELLED')) return 'CANCELLED';
  if (jobs.every(({ status }) => status === 'COMPLETED')) return 'COMPLETED';
  return has('RUNNING') || has('COMPLETED') ? 'RUNNING' : 'QUEUED';
}
