import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { projectVisible } from '../../data/read.ts';
import { recordEvents } from '../../data/record-events.ts';
import { transaction } from '../../data/transaction.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { LEASE } from './claim.ts';
import { advanceParent, findFamilyProgress } from './fan-out.ts';
import { type Claim, isHeld } from './held.ts';
import type { JobTypes, Seconds } from './job-type.ts';
import { measurePace, type Pace } from './pace.ts';
import { advanceSubject, typeOf } from './subject.ts';

/** How often a worker renews its claim, in ms. */
const HEARTBEAT = 2_000;
/** A run stops this long before the function's own end, in ms: time to give the job back. */
const RESERVE = 10_000;
/** How often progress is looked at, and how often at most it is told, in ms. */
const TICK = 250;
const TELL = 500;
/**
 * A run that was aborted has this long to stop, in ms; after that it is stuck. A cancelled one has stopped
 * 5 s after, with the time until its next heartbeat.
 */
const GRACE = 2_500;

/**
 * Renews a claim; false when the job is no longer this worker's.
 * @param isNews whether progress or stage have changed: then they are shown on the document that waits, too,
 *   and told by events
 */
export async function sendHeartbeat(
  ctx: Ctx,
  types: JobTypes,
  claim: Claim,
  progress: number,
  stage: string | undefined,
  isNews = true,
  pace: Partial<Pace> = {},
): Promise<boolean> {
  const { job } = claim;
  const shown = {
    // Never backwards, also after a second start.
    progress: { $max: ['$progress', Math.floor(progress)] },
    ...(stage && { stage: { $literal: stage } }),
    ...pace,
  };
  const change = [{ $set: { 'lease.until': databaseTime(ctx, LEASE), ...shown } }];
  if (!isNews) return (await Job.collection.updateOne(isHeld(claim), change)).matchedCount > 0;
  const isOurs = await transaction(ctx, async (tx) => {
    const stored = await Job.collection.findOneAndUpdate(isHeld(claim), change, {
      returnDocument: 'after',
      projection: projectVisible(Job),
      ...(tx.session && { session: tx.session }),
    });
    if (!stored) return false;
    await recordEvents(tx, Job, 'updated', [stored as unknown as JobDoc]);
    if (!job.parent) await advanceSubject(tx, typeOf(types, job), job, progress);
    return true;
  });
  if (isOurs && job.parent) await advanceFamily(ctx, types, job);
  return isOurs;
}

/** Shows on the parent of a child, and on what waits for that, how far all its children are. */
async function advanceFamily(ctx: Ctx, types: JobTypes, child: JobDoc): Promise<void> {
  const progress = await findFamilyProgress(child);
  await transaction(ctx, async (tx) => {
    const parent = await advanceParent(tx, child, progress);
    if (parent) await advanceSubject(tx, typeOf(types, parent), parent, progress);
  });
}

/** Why a run had to stop. */
type Stop = 'LOST' | 'OUT_OF_TIME' | 'TIMED_OUT' | 'OVERDUE';

/** What renews the claim of one run, and tells the run to stop. */
export interface Heartbeat {
  signal: AbortSignal;
  progress(percent: number, stage?: string): void;
  /** Why the run was told to stop, if it was. */
  stopped(): Stop | undefined;
  /** Resolves when the run was told to stop and did not: nothing in this process can end it. */
  stuck: Promise<void>;
  end(): void;
}

/** @param timeout of the job's type @param timeLeft ms that the function has left */
export function startHeartbeat(
  ctx: Ctx,
  types: JobTypes,
  claim: Claim,
  { timeout = Number.POSITIVE_INFINITY, timeLeft }: { timeout?: Seconds; timeLeft(): number },
): Heartbeat {
  const controller = new AbortController();
  const { promise: stuck, resolve: giveUp } = Promise.withResolvers<void>();
  const latest = { percent: claim.job.progress, stage: undefined as string | undefined };
  const startedAt = performance.now();
  const deadline = msToDeadline(claim);
  const pace = measurePace(claim.job.progress);
  let told = { ...latest };
  let toldAt = Number.NEGATIVE_INFINITY;
  let heardAt = performance.now();
  let stop: Stop | undefined;
  let grace: NodeJS.Timeout | undefined;
  let isSending = false;
  const abort = (why: Stop) => {
    if (stop) return;
    stop = why;
    controller.abort();
    if (why !== 'OUT_OF_TIME') grace = setTimeout(giveUp, GRACE);
  };
  const send = async (isNews: boolean) => {
    isSending = true;
    const { percent, stage } = latest;
    try {
      if (await sendHeartbeat(ctx, types, claim, percent, stage, isNews, pace.read())) {
        heardAt = performance.now();
        if (isNews) [told, toldAt] = [{ percent, stage }, heardAt];
      } else abort('LOST');
    } catch (error) {
      // The database is away: the lease holds for a while, past it somebody else may have the job.
      ctx.log.warn('A heartbeat failed.', { error: error as Error });
    }
    isSending = false;
  };
  const tick = () => {
    if (timeLeft() < RESERVE) abort('OUT_OF_TIME');
    if (performance.now() - startedAt > 1000 * timeout) abort('TIMED_OUT');
    if (performance.now() - startedAt > deadline) abort('OVERDUE');
    if (performance.now() - heardAt > LEASE) abort('LOST');
    const hasNews = told.percent !== latest.percent || told.stage !== latest.stage;
    const isNews = hasNews && performance.now() - toldAt > TELL;
    if (!isSending && (isNews || performance.now() - heardAt > HEARTBEAT)) void send(isNews);
  };
  const timer = setInterval(tick, TICK);
  return {
    signal: controller.signal,
    progress(percent, stage) {
      latest.percent = Math.max(latest.percent, Math.min(99, Math.floor(percent)));
      latest.stage = stage ?? latest.stage;
      pace.note(latest.percent);
    },
    stopped: () => stop,
    stuck,
    end() {
      clearInterval(timer);
      clearTimeout(grace);
    },
  };
}

/** How many ms a job has until its deadline, by the database's clock; none is left where it has passed. */
export function msToDeadline({ job: { deadline, lease } }: Claim): number {
  if (!deadline || !lease) return Number.POSITIVE_INFINITY;
  // The claim has just set the lease.
  return deadline.getTime() - (lease.until.getTime() - LEASE);
}
