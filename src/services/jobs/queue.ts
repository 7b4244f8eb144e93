import type { Ctx } from '../../context.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert, update } from '../../data/write.ts';
import { Job, type JobDoc } from '../../models/jobs/job.ts';
import { spendInGroup } from '../billing/group-commit.ts';
import { holdCredits } from '../billing/holds.ts';
import { readPrices } from '../billing/prices.ts';
import { admitSpending } from '../billing/spending.ts';
import { countStarted } from './count-open.ts';
import { awaitJobs } from './dependencies.ts';
import { type Claim, isHeld } from './held.ts';
import { checkInput } from './input.ts';
import type { JobType, Seconds, Unique } from './job-type.ts';
import { listLimits } from './limits.ts';
import { type Placed, PRIORITY, placeAll, placeJob, queueOf } from './place.ts';
import { quoteJob } from './quote.ts';
import { ringJobs } from './ring.ts';
import { findOpen, supersede } from './supersede.ts';

export { queueOf } from './place.ts';
export { ringJobs } from './ring.ts';

const ATTEMPTS = 3;

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
  /** The job that starts it, and waits for its end; it is no part of that, unlike a child. */
  startedBy?: UUID;
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
  /** What it costs at most, in whole credits, where that is known already; else its type says so. */
  quote?: number;
}

/**
 * Writes a job, in the caller's transaction if there is one. Ring after the commit.
 * @returns the job; of one with a unique key that `joins`, the one that is there already
 * @throws AppError VALIDATION_FAILED when the input is not what the type takes, or a job that it waits
 *   for will not complete; INSUFFICIENT_CREDITS, ALLOWANCE_EXCEEDED, PAID_WORK_STOPPED
 */
export async function enqueue<I extends object>(
  ctx: Ctx,
  type: JobType<I>,
  job: NewJob<I>,
): Promise<JobDoc> {
  const input = checkInput(type, job.input);
  const { user, parent } = job;
  const unique = job.unique ?? (type.unique && { ...type.unique, key: type.unique.key(input) });
  const openKey = unique && `${user ? idText(user) : 'system'} ${type.name} ${unique.key}`;
  const open = openKey && unique.by === 'joins' && (await findOpen(ctx, openKey));
  if (open) return open;
  const quote = await quoteJob(ctx, type, job, input);
  if (quote) {
    // A request that comes again after a crash has made its job already.
    const { promisedId } = ctx;
    const made = promisedId && (await findOne(ctx, Job, { _id: promisedId }));
    if (made) return made;
    await admitSpending(ctx, quote);
  }
  const planned = {
    type,
    job,
    input,
    ...(quote && { quote }),
    ...(openKey && { openKey, unique }),
  };
  return countStarted(ctx, { user, parent, quote }, job.isAsked === true, () =>
    store(ctx, planned),
  );
}

/**
 * Writes a job that follows from what a transaction does, and has it rung for once that is committed. It has an id
 * of its own: what the request was promised is another document.
 */
export async function enqueueWithin<I extends object>(
  tx: Ctx,
  type: JobType<I>,
  job: NewJob<I>,
): Promise<void> {
  const stored = await enqueue(tx, type, { _id: newId(tx.clock()), ...job });
  tx.effects?.committed.push(() => ringJobs(tx, stored, job.delay));
}

/** What is known of a job before anything of it is written. */
interface Planned<I extends object> {
  type: JobType<I>;
  job: NewJob<I>;
  input: I;
  quote?: number;
  openKey?: string;
  unique?: Unique | undefined;
}

async function store<I extends object>(ctx: Ctx, planned: Planned<I>): Promise<JobDoc> {
  const { job, quote, openKey } = planned;
  if (ctx.session) return write(ctx, planned);
  // These change other jobs, too.
  const isTangled = openKey !== undefined || (job.after ?? []).length > 0;
  if (quote && job.user && !isTangled) {
    const _id = job._id ?? ctx.promisedId ?? newId(ctx.clock());
    const runAfter = new Date(ctx.clock() + 1000 * (job.delay ?? 0));
    const values = { ...describe(ctx, planned), _id, runAfter };
    const spend = { account: job.user, amount: quote, entity: Job, values };
    return spendInGroup(ctx, { ...spend, subject: planned as Placed, finish: placeAll });
  }
  return quote || isTangled ? transaction(ctx, (tx) => write(tx, planned)) : write(ctx, planned);
}

async function write<I extends object>(ctx: Ctx, planned: Planned<I>): Promise<JobDoc> {
  const { type, job, quote, openKey, unique } = planned;
  const { user, delay = 0, after = [] } = job;
  const old = openKey && (await findOpen(ctx, openKey));
  if (old && unique?.by === 'joins') return old;
  const isEarly = old || quote || after.length > 0;
  const _id = job._id ?? (isEarly ? (ctx.promisedId ?? newId(ctx.clock())) : undefined);
  if (quote && user && _id) await holdCredits(ctx, { job: _id, account: user, amount: quote });
  // It was stored with a type of this name.
  if (old && _id) await supersede(ctx, type as unknown as JobType, old, _id);
  const pending = after.length > 0 ? await awaitJobs(ctx, after, user) : [];
  const values = {
    ...(_id && { _id }),
    ...describe(ctx, planned),
    ...(after.length > 0 && { after: after.map(idText), pending }),
    // Those that waited for the old one wait for this one.
    ...(old && _id && old.dependents && { dependents: old.dependents }),
    ...(pending.length > 0 ? { waitsFor: 'JOBS' } : await placeJob(ctx, planned as Placed)),
  };
  return insert(ctx, Job, values, 'create', { runAfter: 1000 * delay });
}

/** The fields of a job that follow from what is asked for. */
function describe<I extends object>(ctx: Ctx, { type, job, input, quote, openKey }: Planned<I>) {
  const { user, project, priority = PRIORITY, parent, startedBy, deadline } = job;
  const limits = listLimits(type, user);
  return {
    type: type.name,
    queue: queueOf(type),
    input,
    ...(user && { user }),
    ...(project && { project }),
    priority,
    ...(parent && { parent: parent.job, parentToken: parent.token }),
    ...(startedBy && { startedBy: idText(startedBy) }),
    maxAttempts: type.attempts ?? ATTEMPTS,
    ...(quote && { quote, priceVersion: readPrices(ctx).version }),
    ...(limits && { limits }),
    ...(openKey && { openKey, uniqueKey: openKey }),
    ...(deadline && { deadline }),
  };
}

/** Puts a job back for so many seconds, and has it rung for then. */
export async function putBack(
  ctx: Ctx,
  claim: Claim,
  delay: Seconds,
  more: { attempts?: number; losses?: number; progress?: number } = {},
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
