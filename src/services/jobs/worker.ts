import { randomUUID } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { findOne } from '../../data/read.ts';
import { Job, type JobQueue } from '../../models/jobs/job.ts';
import { claim, isHopeless, reportUnknownTypes } from './claim.ts';
import { completeJob, completeSuperseded } from './complete.ts';
import { failRun } from './fail.ts';
import { fanOut, findResults, isAwaited, waitForChildren } from './fan-out.ts';
import { type Heartbeat, msToDeadline, startHeartbeat } from './heartbeat.ts';
import type { Claim } from './held.ts';
import { checkInput } from './input.ts';
import {
  FANNED_OUT,
  JobFailure,
  type JobType,
  type JobTypes,
  OVERDUE,
  Superseded,
  type WakeLater,
  type Work,
} from './job-type.ts';
import { giveBack, putBack } from './queue.ts';
import { startSubject, typeOf } from './subject.ts';

const worker = `${process.pid}-${randomUUID().slice(0, 8)}`;
let isReported = false;

/**
 * Claims one job and runs it to an end.
 * @param timeLeft ms that the function has left
 * @param queue where it claims from; any, unless said
 * @returns IDLE: no job was due. STUCK: its run does not stop, so whoever owns this process should end it
 */
export async function workOnce(
  ctx: Ctx,
  types: JobTypes,
  timeLeft: () => number,
  queue?: JobQueue,
): Promise<'IDLE' | 'DONE' | 'STUCK'> {
  await reportOnce(ctx, types);
  const claimed = await claim(ctx, worker, types, queue);
  const type = claimed && typeOf(types, claimed.job);
  if (!claimed || !type) return 'IDLE';
  if (isHopeless(claimed)) {
    const message = 'Its worker was lost, or out of time, too often.';
    await endFailed(ctx, types, claimed, new JobFailure('WORKER_LOST', message));
    return 'DONE';
  }
  if (msToDeadline(claimed) <= 0) {
    await endFailed(ctx, types, claimed, overdue());
    return 'DONE';
  }
  const beat = startHeartbeat(ctx, types, claimed, {
    timeLeft,
    ...(type.timeout && { timeout: type.timeout }),
  });
  try {
    const outcome = await Promise.race([
      runClaimed(
        { ...ctx, job: claimed.job.parent ?? claimed.job._id },
        { types, type },
        claimed,
        beat,
      ),
      beat.stuck.then(() => 'STUCK' as const),
    ]);
    if (outcome !== 'STUCK') return 'DONE';
    ctx.log.error('A run does not stop after its time.', { job: claimed.job._id.toString() });
    await endStopped(ctx, types, claimed, type, beat);
    return 'STUCK';
  } catch (error) {
    if (error instanceof Superseded) {
      await completeSuperseded(ctx, type, claimed, await findParentType(ctx, types, claimed));
    } else if (beat.stopped()) await endStopped(ctx, types, claimed, type, beat);
    else await endFailed(ctx, types, claimed, error);
    return 'DONE';
  } finally {
    beat.end();
  }
}

/** Names unknown types at the start of this process. What is only a report holds up no job. */
async function reportOnce(ctx: Ctx, types: JobTypes): Promise<void> {
  if (isReported) return;
  isReported = true;
  try {
    await reportUnknownTypes(ctx, types);
  } catch (error) {
    isReported = false;
    ctx.log.warn('Whether jobs without a handler wait is not known.', { error: error as Error });
  }
}

/** Runs a job whose claim holds; its result, or its wish to wait, is stored. */
async function runClaimed(
  ctx: Ctx,
  { types, type }: { types: JobTypes; type: JobType },
  claimed: Claim,
  { signal, progress }: Heartbeat,
): Promise<void> {
  const { job, token } = claimed;
  if (!(await isAwaited(ctx, job))) throw new Superseded('The parent job has ended.');
  await startSubject(ctx, type, claimed);
  let isStored = false;
  const work: Work<object> = {
    ...{ ctx, job, token, signal, progress, types, input: checkInput(type, job.input) },
    async complete(write) {
      const result = await completeJob(ctx, type, claimed, write);
      isStored = true;
      return result;
    },
    async fanOut(rest) {
      await fanOut(ctx, claimed, rest);
      isStored = true;
      return FANNED_OUT;
    },
  };
  const outcome = await runOrJoin(type, claimed, work);
  if (isStored) return;
  if (outcome === 'WAIT') await waitForChildren(ctx, claimed);
  // A step that was done is no failed try: what takes hours may fail now and then in between.
  else if (isWakeLater(outcome)) await putOff(ctx, claimed, outcome);
  else await completeJob(ctx, type, claimed, async () => outcome);
}

/** The first half of a job, or, once its children have completed, the second. */
async function runOrJoin(
  type: JobType,
  claimed: Claim,
  work: Work<object>,
): Promise<object | 'WAIT'> {
  const { parts } = claimed.job;
  if (!parts || !type.afterParts) return type.run(work);
  const results = await findResults(work.ctx, claimed);
  return results ? type.afterParts(work, results, parts.state) : 'WAIT';
}

function putOff(ctx: Ctx, claimed: Claim, { wakeIn, progress }: WakeLater): Promise<void> {
  const percent = Math.max(claimed.job.progress, Math.min(99, Math.floor(progress ?? 0)));
  return putBack(ctx, claimed, wakeIn, { ...DONE_STEP, ...(progress && { progress: percent }) });
}

function isWakeLater(outcome: object): outcome is WakeLater {
  return 'wakeIn' in outcome;
}

const DONE_STEP = { attempts: 0, losses: 0 };

const overdue = () => new JobFailure(OVERDUE.code, OVERDUE.message);

/** A run that was told to stop: one whose time is up has failed, the others are for another worker. */
async function endStopped(
  ctx: Ctx,
  types: JobTypes,
  claimed: Claim,
  { timeout }: JobType,
  beat: Heartbeat,
): Promise<void> {
  const why = beat.stopped();
  if (why === 'TIMED_OUT') {
    const message = `It took longer than ${timeout} seconds.`;
    await endFailed(ctx, types, claimed, new JobFailure('TIMED_OUT', message));
  } else if (why === 'OVERDUE') await endFailed(ctx, types, claimed, overdue());
  else if (why === 'OUT_OF_TIME') await giveBack(ctx, claimed);
  else ctx.log.info('The job is no longer this worker’s.', { job: claimed.job._id.toString() });
}

async function endFailed(
  ctx: Ctx,
  types: JobTypes,
  claimed: Claim,
  thrown: unknown,
): Promise<void> {
  if (thrown instanceof JobFailure) {
    const { code, message, retryable } = thrown;
    await failRun(ctx, types, claimed, { code, message, retryable });
    return;
  }
  ctx.log.error('A job failed.', { job: claimed.job._id.toString(), error: thrown as Error });
  const message = 'Something went wrong on our side.';
  await failRun(ctx, types, claimed, { code: 'INTERNAL', message, retryable: true });
}

async function findParentType(
  ctx: Ctx,
  types: JobTypes,
  { job }: Claim,
): Promise<JobType | undefined> {
  if (!job.parent) return undefined;
  const parent = await findOne(ctx, Job, { _id: job.parent }, { projection: { type: 1 } });
  return parent ? typeOf(types, parent) : undefined;
}
