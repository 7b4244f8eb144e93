import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { insertMany } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import type { Job, JobDoc } from '../../models/jobs/job.ts';
import type { Credits } from './accounts.ts';
import { holdTogether } from './hold-together.ts';

// A commit waits for the journal, and transactions on one account that run at once abort each other. So the
// spends of one process that wait at the same moment are committed together (group commit): one transaction reads
// their accounts, decides in the order in which they came, and writes accounts, holds and jobs by one command each.
// Those of one account are never in two groups at once. A process that handles one request at a time commits each
// alone.

const MOST_AT_ONCE = 100;
/** While the database works for one group, this process works for another. */
const GROUPS = 2;

/** A job that is started if its account has the credits. */
export interface Spend {
  account: UUID;
  amount: Credits;
  /** The entity of jobs, and the fields of this one. */
  entity: typeof Job;
  values: Record<string, unknown> & { _id: UUID };
  /** What `finish` works on, which finds the fields that are cheaper to find for many jobs at once. */
  subject: object;
  finish: Finish;
}

// biome-ignore lint/suspicious/noExplicitAny: each subject is given to the function that it came with.
type Finish = (ctx: Ctx, subjects: any[]) => Promise<object[]>;

interface Waiting extends Spend {
  ctx: Ctx;
  resolve(job: JobDoc): void;
  reject(error: unknown): void;
}

type Outcome = { job: JobDoc } | { refusal: AppError };

const waiting: Waiting[] = [];
/** The accounts of the groups that are being committed. */
const busy = new Set<string>();
let groups = 0;

/**
 * Stores a job together with the hold of its credits, or neither.
 * @throws AppError INSUFFICIENT_CREDITS, INVALID_STATE when the account is frozen
 */
export function spendInGroup(ctx: Ctx, spend: Spend): Promise<JobDoc> {
  return new Promise((resolve, reject) => {
    waiting.push({ ...spend, ctx, resolve, reject });
    if (groups === GROUPS) return;
    groups++;
    // Others come in the same turn of the event loop.
    setImmediate(commitWaiting);
  });
}

async function commitWaiting(): Promise<void> {
  for (let group = takeGroup(); group.length > 0; group = takeGroup()) {
    const accounts = group.map(({ account }) => idText(account));
    for (const account of accounts) busy.add(account);
    await commitGroup(group);
    for (const account of accounts) busy.delete(account);
  }
  groups--;
}

/** Takes those who have waited longest, without the accounts of another group. */
function takeGroup(): Waiting[] {
  const taken: Waiting[] = [];
  const left = waiting.filter((one) => {
    const isTaken = taken.length < MOST_AT_ONCE && !busy.has(idText(one.account));
    if (isTaken) taken.push(one);
    return !isTaken;
  });
  waiting.splice(0, waiting.length, ...left);
  return taken;
}

async function commitGroup(group: Waiting[]): Promise<void> {
  try {
    const outcomes = await spendTogether(group);
    for (const [i, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[i] as Outcome;
      if ('job' in outcome) resolve(outcome.job);
      else reject(outcome.refusal);
    }
  } catch (error) {
    // A fault of one of them undid the work of all; an outage is the same for all.
    const isOwn = error instanceof AppError && error.code !== 'UNAVAILABLE';
    if (group.length > 1 && isOwn) for (const one of group) await commitGroup([one]);
    else for (const { reject } of group) reject(error);
  }
}

async function spendTogether(group: Waiting[]): Promise<Outcome[]> {
  const [{ ctx }] = group as [Waiting];
  const finished = await finishAll(ctx, group);
  return transaction(ctx, (tx) => spendAll(tx, finished));
}

/** All come from the one place that starts jobs. */
async function finishAll(ctx: Ctx, group: Waiting[]): Promise<Waiting[]> {
  const [{ finish }] = group as [Waiting];
  const found = await finish(
    ctx,
    group.map(({ subject }) => subject),
  );
  return group.map((one, n) => ({ ...one, values: { ...one.values, ...found[n] } }));
}

async function spendAll(tx: Ctx, group: Waiting[]): Promise<Outcome[]> {
  const holds = group.map((one) => ({ ...one, job: one.values._id }));
  const refusals = await holdTogether(tx, holds);
  const accepted = group.filter((_, n) => !refusals[n]);
  const entity = accepted[0]?.entity;
  const jobs = entity ? await insertMany(tx, entity as Entity<JobDoc>, accepted) : [];
  return refusals.map((refusal) => (refusal ? { refusal } : { job: jobs.shift() as JobDoc }));
}
