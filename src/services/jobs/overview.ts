import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { aggregate, findOne } from '../../data/read.ts';
import { JOB_QUEUES, Job, type JobQueue } from '../../models/jobs/job.ts';

/** How far back ended jobs are counted, in ms. */
const HOUR = 3_600_000;
/** The most jobs that are counted of a kind: more is shown as so many. */
const MOST_COUNTED = 100_000;

/** What an administrator sees of a queue. */
export interface QueueView {
  queue: JobQueue;
  /** How many wait for a worker, and how many for what else. */
  depth: number;
  waiting: { time: number; limit: number; jobs: number; children: number };
  running: number;
  /** Since when the one whose turn it is waits. */
  oldest: Date | null;
  /** Of the last hour. */
  completed: number;
  failed: number;
  failures: { type: string; code: string; count: number }[];
}

export function viewQueues(ctx: Ctx): Promise<QueueView[]> {
  return Promise.all(JOB_QUEUES.map((queue) => viewQueue(ctx, queue)));
}

async function viewQueue(ctx: Ctx, queue: JobQueue): Promise<QueueView> {
  const waits = (waitsFor: string) => count({ queue, status: 'QUEUED', waitsFor }, 'claim');
  const recent = { $expr: { $gte: ['$completedAt', databaseTime(ctx, -HOUR)] } };
  const next = { queue, status: 'QUEUED', waitsFor: 'WORKER' };
  const first = { projection: { runAfter: 1 }, sort: { turn: 1 }, hint: 'claim' } as const;
  const oldest = await findOne(ctx, Job, next, first);
  const failures = await aggregate<{ _id: { type: string; code: string }; count: number }>(
    ctx,
    Job,
    [
      { $match: { queue, status: 'FAILED', ...recent } },
      { $limit: MOST_COUNTED },
      { $group: { _id: { type: '$type', code: '$error.code' }, count: { $sum: 1 } } },
      { $sort: { count: -1 } },
      { $limit: 100 },
    ],
  );
  return {
    queue,
    depth: await waits('WORKER'),
    waiting: {
      time: await waits('TIME'),
      limit: await waits('LIMIT'),
      jobs: await waits('JOBS'),
      children: await waits('CHILDREN'),
    },
    running: await count({ queue, status: 'RUNNING' }, 'lost'),
    oldest: oldest?.runAfter ?? null,
    completed: await count({ queue, status: 'COMPLETED', ...recent }),
    failed: failures.reduce((sum, one) => sum + one.count, 0),
    failures: failures.map(({ _id, count: n }) => ({ ..._id, count: n })),
  };
}

function count(filter: object, hint?: string): Promise<number> {
  return Job.collection.countDocuments(filter, { limit: MOST_COUNTED, ...(hint && { hint }) });
}
