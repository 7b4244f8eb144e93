import type { Ctx } from '../../context.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { insert, update } from '../../data/write.ts';
import { Job, type JobDoc, type JobQueue } from '../../models/jobs/job.ts';
import { countStarted } from './count-open.ts';
import { awaitJobs } from './dependencies.ts';
import { type Claim, isHeld } from './held.ts';
import { insertWithHold } from './hold.ts';
import { checkInput } from './input.ts';
import type { JobType, Seconds, Unique } from './job-type.ts';
import { listLimits } from './limits.ts';
import { ringJobs } from './ring.ts';
import { findOpen, supersede } from './supersede.ts';
import { goBeforeOwn, takeTurns } from './turns.ts';

export { ringJobs } from './ring.ts';

const ATTEMPTS = 3;
/** Neither urgent nor not, among the jobs of one user. */
const PRIORITY = 5;

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
  /** Jobs of the same user that have to complete first; when one of them does not, it fails. */
  after?: UUID[];
  /** When it fails unless it has completed. */
  deadline?: Date;
  /** Of jobs of one user, type and key only one is open at a time. */
  unique?: Unique;
  /** Whether a client asks for it, who may have only so many at once. */
  isAsked?: boolean;
}

/** The queue that jobs of a type are in. */
export function queueOf({ queue = 'media' }: Pick<JobType, 'queue'>): JobQueue {
  return queue.toUpperCase() as JobQueue; // which is what the two types say
}

/**
 * Writes a job, in the caller's transaction if there is one. Ring after the commit.
 * @returns the job; of one with a unique key that `joins`, the one that is there already
 * @throws AppError VALIDATION_FAILED when the input is not what the type takes, or a job that it waits
 *   for will not complete; INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED
 */
export async function enqueue<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  job: NewJob<I>,
): Promise<JobDoc> {
  const input = checkInput(type, job.input);
  const unique = job.unique ?? (type.unique && { ...type.unique, key: type.unique.key(input) });
  // Both change other jobs, too.
  if (unique || job.after?.length)
    return transaction(ctx, (tx) => write(tx, type, job, input, unique));
  return write(ctx, type, job, input);
}

async function write<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  job: NewJob<I>,
  input: I,
  unique?: Unique,
): Promise<JobDoc> {
  const { user, project, priority = PRIORITY, delay = 0, parent, after = [], deadline } = job;
  const openKey = unique && `${user ? idText(user) : 'system'} ${type.name} ${unique.key}`;
  const old = openKey && (await findOpen(ctx, openKey));
  if (old && unique?.by === 'joins') return old;
  const _id =
    job._id ?? (old || after.length > 0 ? (ctx.promisedId ?? newId(ctx.clock())) : undefined);
  // It was stored with a type of this name.
  if (old && _id) await supersede(ctx, type as unknown as JobType, old, _id);
  const pending = after.length > 0 ? await awaitJobs(ctx, after, user) : [];
  // A child is part of what its parent costs; the system's own work costs nobody anything.
  const quote = user && !parent && (await type.price?.(ctx, input));
  const queue = queueOf(type);
  const limits = listLimits(type, user);
  const values = {
    ...(_id && { _id }),
    type: type.name,
    queue,
    input,
    ...(user && { user }),
    ...(project && { project }),
    priority,
    ...(parent && { parent: parent.job, parentToken: parent.token }),
    maxAttempts: type.attempts ?? ATTEMPTS,
    ...(quote && { quote }),
    ...(limits && { limits }),
    ...(openKey && { openKey }),
    ...(after.length > 0 && { after: after.map(idText), pending }),
    ...(deadline && { deadline }),
    // Those that waited for the old one wait for this one.
    ...(old && _id && old.dependents && { dependents: old.dependents }),
  };
  const times = { runAfter: 1000 * delay };
  const insertJob = (more: object) => {
    const store = (tx: Ctx) => insert(tx, Job, { ...values, ...more }, 'create', times);
    return countStarted(ctx, { user, parent }, job.isAsked === true, () =>
      quote ? insertWithHold(ctx, { user, quote }, store) : store(ctx),
    );
  };
  // One that a limit may keep back is admitted when it is rung for.
  const waitsFor = pending.length > 0 ? 'JOBS' : 'TIME';
  if (pending.length > 0 || delay > 0 || limits) return insertJob({ waitsFor });
  const taken = job.turn ?? ((await takeTurns(ctx, queue, user))[0] as number);
  const turn = await goBeforeOwn(ctx, queue, user, { priority, turn: taken });
  return insertJob({ turn });
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
