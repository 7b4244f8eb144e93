import '../harness/check-ledger.ts';
import fc from 'fast-check';
import { expect } from 'vitest';
import '../../src/models/index.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { CreditLot } from '../../src/models/billing/credit-lot.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { reverseEntry } from '../../src/services/billing/adjust.ts';
import { takeBack as takeBackCredits } from '../../src/services/billing/debt.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { type NewEntry, postEntry } from '../../src/services/billing/ledger.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import {
  emptyModel,
  endHold,
  expire,
  hold,
  type KnownJob,
  type Model,
  move,
  sumLots,
  takeBack,
} from './account-model.ts';
import { type Step, step } from './ledger-steps.ts';
import { paid, paidTypes } from './paid-type.ts';

const ctx = systemCtx('test');
const DAY = 86_400_000;
const by = newId(Date.now());
const on = (day: number) => ({ ...ctx, clock: () => Date.now() + day * DAY });

/**
 * So many sequences of steps on accounts of the real database, each compared with a model after every step; then
 * the whole ledger is verified. A failure prints the seed.
 */
export async function followModel(runs: number, longest: number, seed = Date.now() % 2 ** 31) {
  console.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: longest }), async (steps) => {
      const model = emptyModel(newId(Date.now()));
      await openAccount(ctx, model.account);
      for (const one of steps) {
        await take(model, one);
        await compare(model);
      }
      for (const job of model.jobs.filter(({ status }) => status === 'QUEUED'))
        await cancel(model, job);
      await take(model, { kind: 'expire', days: 3650 });
      await compare(model);
    }),
    { numRuns: runs, seed },
  );
}

async function compare(model: Model): Promise<void> {
  const { account, available, held, debt } = model;
  const [found, lots] = await Promise.all([
    CreditAccount.collection.findOne({ _id: account }),
    CreditLot.collection.find({ account }).toArray(),
  ]);
  const inLots = lots.reduce((sum, lot) => sum + (lot.remaining as number), 0);
  expect([found?.available, found?.held, found?.debt, inLots]).toEqual([
    ...[available, held, debt, sumLots(model)],
  ]);
}

async function take(model: Model, one: Step): Promise<void> {
  if (one.kind === 'post') return post(model, one.amount);
  if (one.kind === 'gift') return gift(model, one.amount, one.days);
  if (one.kind === 'spend') return spend(model, one);
  if (one.kind === 'work') return work(model);
  if (one.kind === 'reverse') return reverse(model, one.n);
  if (one.kind === 'take back') {
    await transaction(ctx, (tx) => takeBackCredits(tx, makeEntry(model, -one.amount)));
    return takeBack(model, one.amount);
  }
  if (one.kind === 'expire') {
    await expireLots(on(one.days));
    return expire(model, one.days);
  }
  const job = model.jobs[one.n % Math.max(1, model.jobs.length)];
  if (job) await (one.kind === 'cancel' ? cancel(model, job) : retry(model, job));
}

function makeEntry({ account }: Model, amount: number): NewEntry {
  const key = `test:${idText(newId(Date.now()))}`;
  const type = amount > 0 ? 'BONUS' : 'SPEND';
  const against = SYSTEM_ACCOUNTS.PROMOTIONS;
  return { account, type, cause: 'ADJUSTMENT', amount, key, against };
}

async function post(model: Model, amount: number): Promise<void> {
  const posted = transaction(ctx, (tx) => postEntry(tx, makeEntry(model, amount)));
  if (!(await isAccepted(posted, model.available + amount >= 0))) return;
  model.entries.push({ id: (await posted)._id, amount, isReversed: false });
  move(model, amount);
}

async function gift(model: Model, amount: number, day: number): Promise<void> {
  // Those of one day expire in the order in which they came.
  const expiresAt = new Date(Date.now() + (day - 1) * DAY + DAY / 2);
  await transaction(ctx, (tx) => postEntry(tx, { ...makeEntry(model, amount), expiresAt }));
  model.lots.push({ remaining: amount, day });
  model.lots.sort((a, b) => a.day - b.day);
  move(model, amount);
}

async function spend(model: Model, { price, use }: { price: number; use: number }): Promise<void> {
  const spent = enqueue(ctx, paid, { input: { price, use }, user: model.account });
  if (!(await isAccepted(spent, model.available >= price))) return;
  hold(model, price);
  model.jobs.push({ id: (await spent)._id, price, use, status: 'QUEUED' });
}

async function reverse(model: Model, n: number): Promise<void> {
  const entry = model.entries[n % Math.max(1, model.entries.length)];
  if (!entry) return;
  const reversed = reverseEntry(ctx, { entry: entry.id, reason: 'for a test', by });
  // A second reversal is the first one.
  if (entry.isReversed) return void (await reversed);
  if (!(await isAccepted(reversed, model.available - entry.amount >= 0))) return;
  entry.isReversed = true;
  move(model, -entry.amount);
}

/** Waits for what has to be accepted, or refused for want of credits. */
async function isAccepted(done: Promise<unknown>, isDue: boolean): Promise<boolean> {
  if (isDue) await done;
  else await expect(done).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
  return isDue;
}

async function work(model: Model): Promise<void> {
  await workOnce(ctx, paidTypes, () => 900_000);
  // Whichever of its jobs had its turn.
  for (const job of model.jobs.filter(({ status }) => status === 'QUEUED')) {
    job.status = (await Job.collection.findOne({ _id: job.id }))?.status as string;
    if (job.status === 'QUEUED') continue;
    endHold(model, job.price, job.status === 'COMPLETED' ? job.use : 0);
  }
}

async function cancel(model: Model, job: KnownJob): Promise<void> {
  const cancelled = cancelJob(ctx, paidTypes, { _id: job.id });
  if (job.status !== 'QUEUED') return expectRefused(cancelled);
  await cancelled;
  job.status = 'CANCELLED';
  endHold(model, job.price, 0);
}

async function retry(model: Model, job: KnownJob): Promise<void> {
  const retried = retryJob(ctx, paidTypes, { _id: job.id });
  if (!['FAILED', 'CANCELLED'].includes(job.status)) return expectRefused(retried);
  if (!(await isAccepted(retried, model.available >= job.price))) return;
  job.status = 'QUEUED';
  hold(model, job.price);
}

function expectRefused(done: Promise<unknown>): Promise<void> {
  return expect(done).rejects.toMatchObject({ code: 'INVALID_STATE' });
}
