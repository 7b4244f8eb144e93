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
// spends of one process that wait at the same moment are committed together (group commit): one transaction reads
// their accounts, decides in the order in which they came, and writes accounts, holds and jobs by one command
// each. Those of one account always wait in the same lane. A process that handles one request at a time commits
// each alone.

const MOST_AT_ONCE = 100;
/** While the database works for one lane, this process works for another. */
const LANES = 2;

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

const lanes = Array.from({ length: LANES }, () => ({ waiting: [] as Waiting[], isBusy: false }));

/**
 * Stores a job together with the hold of its credits, or neither.
 * @throws AppError INSUFFICIENT_CREDITS, INVALID_STATE when the account is frozen
 */
export function spendInGroup(ctx: Ctx, spend: Spend): Promise<JobDoc> {
  const lane = chooseLane(spend.account);
  return new Promise((resolve, reject) => {
    lane.waiting.push({ ...spend, ctx, resolve, reject });
    if (!lane.isBusy) void commitWaiting(lane);
  });
}

type Lane = (typeof lanes)[number];

function chooseLane({ buffer }: UUID): Lane {
  return lanes[(buffer[15] as number) % LANES] as Lane;
}

async function commitWaiting(lane: Lane): Promise<void> {
  lane.isBusy = true;
  while (lane.waiting.length > 0) await commitGroup(lane.waiting.splice(0, MOST_AT_ONCE));
  lane.isBusy = false;
}

async function commitGroup(group: Waiting[]): Promise<void> {
  const [{ ctx }] = group as [Waiting];
  try {
    const finished = await finishAll(ctx, group);
    const outcomes = await transaction(ctx, (tx) => spendAll(tx, finished));
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
  const accounts = await readAccounts(tx, group);
  const outcomes: Outcome[] = [];
  const accepted: Waiting[] = [];
  for (const one of group) {
    const account = accounts.get(idText(one.account));
    const refusal = refuseSpend(account, one.amount);
    if (account && !refusal) {
      account.available -= one.amount;
      account.spent += one.amount;
      accepted.push(one);
    }
    outcomes.push({ refusal: refusal as AppError });
  }
  if (accepted.length === 0) return outcomes;
  await holdInAccounts(tx, [...accounts.values()]);
  const holds = accepted.map(({ ctx, account, amount, values }) => ({
    ctx,
    values: { account, amount, job: values._id },
  }));
  await insertMany(tx, CreditHold, holds);
  const entity = accepted[0]?.entity as Entity<JobDoc>;
  const jobs = await insertMany(tx, entity, accepted);
  for (const [n, job] of jobs.entries()) {
    outcomes[group.indexOf(accepted[n] as Waiting)] = { job };
  }
  return outcomes;
}

type Account = CreditAccountDoc & { spent: Credits };

async function readAccounts(tx: Ctx, group: Waiting[]): Promise<Map<string, Account>> {
  const ids = [...new Map(group.map(({ account }) => [idText(account), account])).values()];
  const found = await CreditAccount.collection
    .find<Account>({ _id: { $in: ids } }, { ...(tx.session && { session: tx.session }) })
    .toArray();
  return new Map(found.map((account) => [idText(account._id), { ...account, spent: 0 }]));
}

/** Changed since they were read in this transaction, they abort it, and it begins anew. */
async function holdInAccounts(tx: Ctx, accounts: Account[]): Promise<void> {
  const updatedAt = new Date(tx.clock());
  const updates = accounts
    .filter(({ spent }) => spent > 0)
    .map(({ _id, spent }) => ({
      updateOne: {
        filter: { _id, isFrozen: false, available: { $gte: spent } },
        update: {
          $inc: { available: -spent, held: spent, version: 1 },
          $set: { updatedAt },
        },
      },
    }));
  const session = { ...(tx.session && { session: tx.session }) };
  const { matchedCount } = await CreditAccount.collection.bulkWrite(updates, session);
  if (matchedCount < updates.length) throw new Error('An account changed while it was spent from.');
}
