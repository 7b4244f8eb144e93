import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { idText, UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { sendMessage } from '../../providers/queue.ts';
import { checkInput } from './input.ts';
import type { JobType, Seconds } from './job-type.ts';
import { listLimits } from './limits.ts';
import { goBeforeOwn, takeTurns } from './turns.ts';

const ATTEMPTS = 3;
/** Neither urgent nor not, among the jobs of one user. */
const PRIORITY = 5;
/** The longest delay of a message in SQS. */
const LONGEST_DELAY: Seconds = 900;

/** The priority of work that may wait, among the jobs of one user, or of the system. */
export const BEHIND_USERS = 1;

/** A job to be done. */
export interface NewJob<I extends object> {
  input: I;
  /** An id of the caller's own, when a document has to hold it before the job is written. */
  _id?: UUID;
  /** Whose job it is; none of the system's own. */
  user?: UUID | null;
  project?: UUID | null;
  /** 0–9, 9 is the most urgent of this user's jobs; 5 unless said otherwise. */
  priority?: number;
  /** Not before that many seconds have passed. */
  delay?: Seconds;
  /** The job that it is a child of, and the token of the claim that fanned out. */
  parent?: { job: UUID; token: number };
  /** Its turn, where many were taken at once. */
  turn?: number;
}

/** The queue that jobs of a type are in. */
export function queueOf({ queue = 'media' }: Pick<JobType, 'queue'>): JobQueue {
  return queue.toUpperCase() as JobQueue; // which is what the two types say
}

/**
 * Writes a job, in the caller's transaction if there is one. Ring after the commit.
 * @throws AppError VALIDATION_FAILED when the input is not what the type takes
 */
export async function enqueue<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  job: NewJob<I>,
): Promise<JobDoc> {
  // Held by no ledger yet: a priced job would be free.
  if (type.price) throw new Error(`${type.name} has a price, and credits cannot be held yet.`);
  const { input, _id, user, project, priority = PRIORITY, delay = 0, parent } = job;
  const queue = queueOf(type);
  const limits = listLimits(type, user);
  const checked = checkInput(type, input);
  const values = {
    ...(_id && { _id }),
    type: type.name,
    queue,
    input: checked,
    ...(user && { user }),
    ...(project && { project }),
    priority,
    ...(parent && { parent: parent.job, parentToken: parent.token }),
    maxAttempts: type.attempts ?? ATTEMPTS,
    ...(limits && { limits }),
  };
  // One that a limit may keep back is admitted when it is rung for.
  if (delay > 0 || limits)
    return insert(ctx, Job, { ...values, waitsFor: 'TIME' }, 'create', { runAfter: 1000 * delay });
  const taken = job.turn ?? ((await takeTurns(ctx, queue, user))[0] as number);
  const turn = await goBeforeOwn(ctx, queue, user, { priority, turn: taken });
  return insert(ctx, Job, { ...values, turn }, 'create', { runAfter: 0 });
}

/**
 * Wakes a worker of the job's queue. A lost ring costs a delay: `reconcile` rings for what waits too long.
 * @param job its id; with its queue, that need not be read
 */
export async function ringJobs(
  ctx: Ctx,
  job: UUID | Pick<JobDoc, '_id' | 'queue'>,
  delay: Seconds = 0,
): Promise<void> {
  try {
    const rung = job instanceof UUID ? await findOne(ctx, Job, { _id: job }, QUEUE) : job;
    const url = rung && config.jobQueueUrls[rung.queue.toLowerCase() as Lowercase<JobQueue>];
    if (!url) return;
    const hint = { job: idText(rung._id), queue: rung.queue };
    await sendMessage(url, hint, Math.min(Math.ceil(delay), LONGEST_DELAY));
  } catch (error) {
    ctx.log.warn('No worker could be rung; reconcile will.', { error: error as Error });
  }
}

const QUEUE = { projection: { queue: 1 } };

/** What a job holds only until it ends. */
export const GIVEN_UP = ['slots', 'waitsForLimit', 'turn', 'secondsLeft', 'rate'];

/** A job in the hands of one worker: every write shows the token, those of a stale worker are refused. */
export interface Claim {
  job: JobDoc;
  token: number;
}

/** The filter under which a worker may write about its job. */
export function isHeld({ job, token }: Claim) {
  return { _id: job._id, status: 'RUNNING', 'lease.token': token };
}

/** Puts a job back for so many seconds, and has it rung for then. */
export async function putBack(
  ctx: Ctx,
  claim: Claim,
  delay: Seconds,
  more: { losses?: number } = {},
): Promise<void> {
  // It keeps its turn: what was begun goes before what was not.
  const waitsFor = delay > 0 ? 'TIME' : 'WORKER';
  const set = { status: 'QUEUED', waitsFor, ...more };
  const change = { set, times: { runAfter: 1000 * delay } };
  // Each job that waits has a ring of its own: else it takes that of another, which waits in its place.
  if (await update(ctx, Job, isHeld(claim), change, null)) {
    await ringJobs(ctx, claim.job, delay);
  }
}

/** Puts a job back whose worker has to go (its time is up): no failed run, but this may not go on for ever. */
export async function giveBack(ctx: Ctx, claim: Claim): Promise<void> {
  await putBack(ctx, claim, 0, { losses: claim.job.losses + 1 });
}
