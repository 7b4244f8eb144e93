import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { hasCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { insert, update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { sendMessage } from '../../providers/queue.ts';
import { insertWithHold } from './hold.ts';
import { checkInput } from './input.ts';
import type { JobType, Seconds } from './job-type.ts';

const ATTEMPTS = 3;

/** The priority of the system's own work: behind the users' jobs. */
export const BEHIND_USERS = 1;

/** A job to be done. */
export interface NewJob<I extends object> {
  input: I;
  /** An id of the caller's own, when a document has to hold it before the job is written. */
  _id?: UUID;
  /** Whose job it is; none of the system's own. */
  user?: UUID | null;
  project?: UUID | null;
  /** 0–9, 9 is the most urgent; 5 unless said otherwise. */
  priority?: number;
  /** Not before that many seconds have passed. */
  delay?: Seconds;
  /** The job that it is a child of, and the token of the claim that fanned out. */
  parent?: { job: UUID; token: number };
}

/**
 * Writes a job, in the caller's transaction if there is one. Ring after the commit.
 * @throws AppError VALIDATION_FAILED when the input is not what the type takes; INSUFFICIENT_CREDITS
 */
export async function enqueue<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  { input, _id, user, project, priority, delay = 0, parent }: NewJob<I>,
): Promise<JobDoc> {
  const checked = checkInput(type, input);
  // A child is part of what its parent costs; the system's own work costs nobody anything.
  const quote = user && !parent && (await type.price?.(ctx, checked));
  const values = {
    ...(_id && { _id }),
    type: type.name,
    input: checked,
    ...(user && { user }),
    ...(project && { project }),
    ...(priority !== undefined && { priority }),
    ...(parent && { parent: parent.job, parentToken: parent.token }),
    maxAttempts: type.attempts ?? ATTEMPTS,
    ...(quote && { quote }),
  };
  const insertJob = (tx: Ctx) => insert(tx, Job, values, 'create', { runAfter: 1000 * delay });
  return quote ? insertWithHold(ctx, { user, quote }, insertJob) : insertJob(ctx);
}

/** Wakes a worker. A lost ring costs a delay: `reconcile` rings for what waits too long. */
export async function ringJobs(ctx: Ctx, job: UUID, delay: Seconds = 0): Promise<void> {
  if (!config.jobsQueueUrl) return;
  try {
    await sendMessage(config.jobsQueueUrl, { job: idText(job) }, delay);
  } catch (error) {
    ctx.log.warn('No worker could be rung; reconcile will.', { error: error as Error });
  }
}

/** A job in the hands of one worker: every write shows the token, those of a stale worker are refused. */
export interface Claim {
  job: JobDoc;
  token: number;
}

/** The filter under which a worker may write about its job. */
export function isHeld({ job, token }: Claim) {
  return { _id: job._id, status: 'RUNNING', 'lease.token': token };
}

/** The jobs whose time has come; those that wait for theirs are not even read. */
export function isDue(ctx: Ctx) {
  // Any priority: only with a bound on its first field is the claim index read by its second, too.
  return { status: 'QUEUED', priority: { $gte: 0 }, ...hasCome(ctx, 'runAfter') };
}

/** Puts a job back for so many seconds, and has it rung for then. */
export async function putBack(
  ctx: Ctx,
  claim: Claim,
  delay: Seconds,
  more: { losses?: number } = {},
): Promise<void> {
  const change = { set: { status: 'QUEUED', ...more }, times: { runAfter: 1000 * delay } };
  // Each job that waits has a ring of its own: else it takes that of another, which waits in its place.
  if (await update(ctx, Job, isHeld(claim), change, null)) {
    await ringJobs(ctx, claim.job._id, delay);
  }
}

/** Puts a job back whose worker has to go (its time is up): no failed run, but this may not go on for ever. */
export async function giveBack(ctx: Ctx, claim: Claim): Promise<void> {
  await putBack(ctx, claim, 0, { losses: claim.job.losses + 1 });
}
