import type { Ctx } from '../../context.ts';
import type { Entity } from '../../data/entity.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { transaction } from '../../data/transaction.ts';
import { insertMany } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { CreditAccount, type CreditAccountDoc } from '../../models/billing/credit-account.ts';
import { CreditHold } from '../../models/billing/credit-hold.ts';
import type { Job, JobDoc } from '../../models/jobs/job.ts';
import type { Credits } from './accounts.ts';
import { refuseSpend } from './ledger.ts';

// A commit waits for the journal, and transactions on one account that run at once abort each other. So the
// spends of one process that wait at the same moment are committed together (group commit): their accounts are read,
// it is decided in the order in which they came, and one transaction writes accounts, holds and jobs by one command
// each, if the accounts still have what they had. Those of one account are never in two groups at once. A process
// that handles one request at a time commits each alone.

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

/** Accounts that have changed since they were read are read again where they cannot: in the transaction. */
async function spendTogether(group: Waiting[]): Promise<Outcome[]> {
  const [{ ctx }] = group as [Waiting];
  const [finished, ahead] = await Promise.all([finishAll(ctx, group), readAccounts(ctx, group)]);
  try {
    return await transaction(ctx, (tx) => spendAll(tx, finished, ahead));
  } catch (error) {
    if (!(error instanceof ChangedMeanwhile)) throw error;
  }
  return transaction(ctx, async (tx) => spendAll(tx, finished, await readAccounts(tx, group)));
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

async function spendAll(tx: Ctx, group: Waiting[], accounts: Accounts): Promise<Outcome[]> {
  const spent = new Map<string, Credits>();
  const refusals = group.map(({ account, amount }) => {
    const key = idText(account);
    const found = accounts.get(key);
    const before = spent.get(key) ?? 0;
    const refusal = refuseSpend(found && { ...found, available: found.available - before }, amount);
    if (!refusal) spent.set(key, before + amount);
    return refusal;
  });
  const accepted = group.filter((_, n) => !refusals[n]);
  const jobs = accepted.length > 0 ? await storeJobs(tx, accepted, accounts, spent) : [];
  return refusals.map((refusal) => (refusal ? { refusal } : { job: jobs.shift() as JobDoc }));
}

/** Stores jobs, and what is held for each. @throws ChangedMeanwhile */
async function storeJobs(
  tx: Ctx,
  accepted: Waiting[],
  accounts: Accounts,
  spent: Map<string, Credits>,
): Promise<JobDoc[]> {
  await holdInAccounts(tx, accounts, spent);
  const holds = accepted.map(({ ctx, account, amount, values }) => ({
    ctx,
    values: { account, amount, job: values._id },
  }));
  await insertMany(tx, CreditHold, holds);
  return insertMany(tx, accepted[0]?.entity as Entity<JobDoc>, accepted);
}

/** By their ids. */
type Accounts = Map<string, CreditAccountDoc>;

async function readAccounts(ctx: Ctx, group: Waiting[]): Promise<Accounts> {
  const ids = [...new Map(group.map(({ account }) => [idText(account), account])).values()];
  const found = await CreditAccount.collection
    .find<CreditAccountDoc>({ _id: { $in: ids } }, { ...(ctx.session && { session: ctx.session }) })
    .toArray();
  return new Map(found.map((account) => [idText(account._id), account]));
}

/** An account has less than it had when it was read, or was frozen. */
class ChangedMeanwhile extends Error {}

/** @throws ChangedMeanwhile where they were not read in this transaction */
async function holdInAccounts(
  tx: Ctx,
  accounts: Accounts,
  spent: Map<string, Credits>,
): Promise<void> {
  const updatedAt = new Date(tx.clock());
  const updates = [...spent].map(([key, amount]) => ({
    updateOne: {
      filter: { _id: accounts.get(key)?._id, isFrozen: false, available: { $gte: amount } },
      update: {
        $inc: { available: -amount, held: amount, version: 1 },
        $set: { updatedAt },
      },
    },
  }));
  const session = { ...(tx.session && { session: tx.session }) };
  const { matchedCount } = await CreditAccount.collection.bulkWrite(updates, session);
  if (matchedCount < updates.length) {
    throw new ChangedMeanwhile('An account changed while it was spent from.');
  }
}
