import { collectErrors } from '../../collect-errors.ts';
import type { Ctx } from '../../context.ts';
import { refuseDeleting } from '../../data/clock-difference.ts';
import { databaseTime, hasCome } from '../../data/database-time.ts';
import { type Base, type Entity, entities } from '../../data/entity.ts';
import { idText } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { restrictionsOn } from '../../data/references.ts';
import { JOB_QUEUES, Job, type JobQueue } from '../../models/jobs/job.ts';
import { tellFolded } from '../account/security-events.ts';
import { expireExports } from '../exports/expire.ts';
import { checkPods } from '../generation/comfyui/check-pods.ts';
import { jobTypes } from '../job-types.ts';
import { admitDue, admitLimited } from '../jobs/admit.ts';
import { failQueued } from '../jobs/fail.ts';
import { OVERDUE } from '../jobs/job-type.ts';
import { ringJobs } from '../jobs/queue.ts';
import { emptyTrash } from '../media/trash.ts';
import { findLostUploads } from '../uploads/arrivals.ts';
import { abortOrphanedUploads } from '../uploads/orphans.ts';
import { wakeStranded } from '../webhooks/find-stranded.ts';
import { removeAllOrphans } from './orphans.ts';

/** How many jobs of a queue are rung for in one run, of those that wait and of those that run. */
const MOST_RUNG = 300;

/** How long pods may take to answer, in ms. */
const PODS_MS = 20_000;

/** The counts of one run. */
export interface ReconcileCounts {
  rung: number;
  awaiting: number;
  uploads: number;
  orphans: number;
  emptied: number;
  folded: number;
  /** Endpoints with deliveries that are overdue. */
  webhooks: number;
  /** Exports whose files are no longer kept. */
  expired: number;
  /** Pods of ComfyUI that answer. */
  pods: number;
  /** Why nothing was deleted. */
  refused?: string;
}

/**
 * Repairs what lost messages and crashes leave behind: jobs without a wake-up, uploads without an
 * event, webhooks that nobody sends, orphaned documents and multipart uploads. Also empties the trash,
 * expires exports, and tells of security events that were only counted. Where the host's clock and the
 * database's differ, it deletes nothing, and says why. What cannot be repaired keeps nothing else from being so.
 * @throws what went wrong first, once all has been tried
 */
export async function reconcile(ctx: Ctx): Promise<ReconcileCounts> {
  const { attempt, finish } = collectErrors();
  const count = async (task: () => Promise<number>) => (await attempt(task)) ?? 0;
  await attempt(() => failOverdue(ctx));
  const rung = await count(() => ringForJobs(ctx));
  const refused = await refuseDeleting(ctx);
  const awaiting = await count(() => findLostUploads(ctx, !refused));
  for (const entity of entities.values()) await attempt(() => clearRemovalMarks(ctx, entity));
  const folded = await count(() => tellFolded(ctx));
  const webhooks = await count(() => wakeStranded(ctx));
  const pods = await count(() => checkPods(ctx, AbortSignal.timeout(PODS_MS)));
  const countDeleted = async (task: () => Promise<number>) => (refused ? 0 : count(task));
  const emptied = await countDeleted(() => emptyTrash(ctx));
  const expired = await countDeleted(() => expireExports(ctx));
  const uploads = await countDeleted(() => abortOrphanedUploads(ctx));
  const orphans = await countDeleted(() => removeAllOrphans(ctx));
  finish();
  const found = { rung, awaiting, folded, webhooks, pods, uploads, orphans, emptied, expired };
  return { ...found, ...(refused && { refused }) };
}

/**
 * Fails the jobs that have waited past their deadline, also where one of them cannot be. Those that run are
 * watched by their workers.
 */
async function failOverdue(ctx: Ctx): Promise<void> {
  const late = {
    status: 'QUEUED',
    deadline: { $exists: true },
    ...hasCome(ctx, 'deadline'),
  };
  const options = { projection: { _id: 1 }, sort: { deadline: 1 }, hint: 'overdue' } as const;
  const { attempt, finish } = collectErrors();
  for (const { _id } of await findMany(ctx, Job, late, { ...options, limit: 1000 }))
    if ((await attempt(() => failQueued(ctx, jobTypes, _id, OVERDUE))) === undefined)
      ctx.log.error('A job past its deadline was not failed.', { job: idText(_id) });
  finish();
}

async function ringForJobs(ctx: Ctx): Promise<number> {
  await admitLimited(ctx);
  let rung = 0;
  for (const queue of JOB_QUEUES) {
    await admitDue(ctx, queue);
    const waiting = { status: 'QUEUED', waitsFor: 'WORKER', queue };
    const options = { projection: { queue: 1 }, sort: { turn: 1 }, hint: 'claim' } as const;
    const jobs = await findMany(ctx, Job, waiting, { ...options, limit: MOST_RUNG });
    for (const job of jobs) await ringJobs(ctx, job);
    rung += jobs.length + (await ringForRunning(ctx, queue));
  }
  return rung;
}

async function ringForRunning(ctx: Ctx, queue: JobQueue): Promise<number> {
  // Whether the worker of a running job is alive is unknown. A wake-up at the end of its lease
  // finds the lease renewed, which costs nothing, or expired, and then the job is claimed at once.
  const left = { $subtract: ['$lease.until', databaseTime(ctx)] };
  const running: (Base & { left?: number })[] = await findMany(
    ctx,
    Job,
    { status: 'RUNNING', queue },
    { projection: { left }, sort: { 'lease.until': 1 }, hint: 'lost', limit: MOST_RUNG },
  );
  for (const { _id, left = 0 } of running) {
    await ringJobs(ctx, { _id, queue }, Math.max(0, Math.ceil(left / 1000) + 1));
  }
  return running.length;
}

/** Clears the `removing` marks that interrupted removals left. */
async function clearRemovalMarks(ctx: Ctx, entity: Entity): Promise<void> {
  if (restrictionsOn(entity.name).length === 0) return;
  const isOld = { removing: { $exists: true }, ...hasCome(ctx, 'removing', 60_000) };
  await entity.collection.updateMany(isOld, { $unset: { removing: 1 } });
}
