import { randomUUID } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { transaction } from '../../data/transaction.ts';
import { settle } from './job-outcomes.ts';
import {
  type Claim,
  claim,
  fail,
  giveBack,
  HEARTBEAT,
  heartbeat,
  isHopeless,
  LEASE,
  putBack,
  retryAfter,
  ringJobs,
} from './queue.ts';

/** What a job's handler works with. */
export interface Work {
  ctx: Ctx;
  claim: Claim;
  /** Ends when the job is no longer this worker's: cancelled, lost, or out of time. */
  signal: AbortSignal;
  /** How far it is, 0–100; sent with the next heartbeat. */
  progress(percent: number, stage?: string): void;
}

/** A kind of job: who may start it and what it does. It ends its own claim by `complete`, in its transaction. */
export interface JobType {
  /** Clients may start it at `POST /v1/jobs`. */
  byClients?: boolean;
  run(work: Work): Promise<void>;
}

/** A failure that a handler understands: its code is stable, its message is for the client. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly code: string;
  readonly retryable: boolean;
  /** Something of it runs on in this process, and would for ever. */
  readonly endsWorker: boolean;
  constructor(code: string, message: string, { retryable = false, endsWorker = false } = {}) {
    super(message);
    this.code = code;
    this.retryable = retryable;
    this.endsWorker = endsWorker;
  }
}

/** What a job needs is not there yet: it is put back, which is no failed try. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** How long such a job waits, in s. */
const WAIT = 15;

const worker = `${process.pid}-${randomUUID().slice(0, 8)}`;

/** Claims one job and runs it to an end. Returns whether there was one. */
export async function workOnce(
  ctx: Ctx,
  types: Record<string, JobType>,
  timeLeft: () => number,
): Promise<boolean> {
  const it = await claim(ctx, worker);
  if (!it) return false;
  const type = types[it.job.type];
  if (!type || isHopeless(it)) {
    const message = type
      ? 'Its worker was lost, or out of time, too often.'
      : `No worker knows ${it.job.type}.`;
    await end(ctx, it, new JobFailure(type ? 'WORKER_LOST' : 'UNKNOWN_TYPE', message));
    return true;
  }
  const beat = startHeartbeat(ctx, it, timeLeft);
  try {
    await type.run({ ctx, claim: it, signal: beat.signal, progress: beat.progress });
  } catch (error) {
    try {
      if (error instanceof NotYet) await putBack(ctx, it, WAIT);
      else if (beat.outOfTime()) await giveBack(ctx, it);
      else if (beat.signal.aborted)
        ctx.log.info('The job is no longer this worker’s.', { job: it.job._id.toString() });
      else await end(ctx, it, error);
    } finally {
      if (error instanceof JobFailure && error.endsWorker) endProcess(ctx);
    }
  } finally {
    beat.stop();
  }
  return true;
}

/** Lambda begins the next job in a new one, and so does `npm start`. */
function endProcess(ctx: Ctx): void {
  ctx.log.error('A decoder hangs: this process ends, and the decoder with it.', {});
  process.exit(1);
}

async function end(ctx: Ctx, it: Claim, thrown: unknown): Promise<void> {
  const known = thrown instanceof JobFailure;
  if (!known)
    ctx.log.error('A job failed.', { job: it.job._id.toString(), error: thrown as Error });
  const error = known
    ? { code: thrown.code, message: thrown.message, retryable: thrown.retryable }
    : { code: 'INTERNAL', message: 'Something went wrong on our side.', retryable: true };
  const outcome = await transaction(ctx, async (tx) => {
    const ended = await fail(tx, it, error);
    if (ended === 'FAILED') await settle(tx, it.job, error);
    return ended;
  });
  // Each job that waits has a ring of its own: else it takes that of another, which waits in its place.
  if (outcome === 'RETRY') await ringJobs(ctx, it.job._id, retryAfter(it.job));
}

/** Stops this long before the function's own end, in ms: time to give the job back. */
const RESERVE = 10_000;
/** How often progress is told on, in ms. */
const TICK = 250;

function startHeartbeat(ctx: Ctx, it: Claim, timeLeft: () => number) {
  const controller = new AbortController();
  const latest = { percent: it.job.progress, stage: undefined as string | undefined };
  let sent = { ...latest };
  let heardAt = ctx.clock();
  let late = false;
  let sending = false;
  const send = async () => {
    sending = true;
    sent = { ...latest };
    try {
      if (await heartbeat(ctx, it, sent.percent, sent.stage)) heardAt = ctx.clock();
      else controller.abort();
    } catch (error) {
      // The database is away: the lease holds for a while, past it somebody else may have the job.
      ctx.log.warn('A heartbeat failed.', { error: error as Error });
    }
    sending = false;
  };
  const tick = () => {
    late ||= timeLeft() < RESERVE;
    if (late || ctx.clock() - heardAt > LEASE) controller.abort();
    const news = sent.percent !== latest.percent || sent.stage !== latest.stage;
    if (!sending && (news || ctx.clock() - heardAt > HEARTBEAT)) void send();
  };
  const timer = setInterval(tick, TICK);
  return {
    signal: controller.signal,
    progress(value: number, name?: string) {
      latest.percent = Math.max(latest.percent, Math.min(99, Math.floor(value)));
      latest.stage = name ?? latest.stage;
    },
    outOfTime: () => late,
    stop: () => clearInterval(timer),
  };
}
