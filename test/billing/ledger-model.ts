import fc from 'fast-check';
import { expect } from 'vitest';
import '../../src/models/index.ts';
import { systemCtx } from '../../src/context.ts';
import { idText, newId, type UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { CreditAccount } from '../../src/models/billing/credit-account.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { openAccount, SYSTEM_ACCOUNTS } from '../../src/services/billing/accounts.ts';
import { postEntry } from '../../src/services/billing/ledger.ts';
import { verifyLedger } from '../../src/services/billing/verify.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { paid, paidTypes } from './paid-type.ts';

const ctx = systemCtx('test');

/** What may happen to an account; `n` chooses among its jobs. */
type Step =
  | { kind: 'post'; amount: number }
  | { kind: 'spend'; price: number; use: number }
  | { kind: 'work' }
  | { kind: 'cancel' | 'retry'; n: number };

const amount = fc.integer({ min: 1, max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('post' as const),
    amount: fc.integer({ min: -15, max: 30 }).filter((n) => n !== 0),
  }),
  fc
    .record({
      kind: fc.constant('spend' as const),
      price: amount,
      share: fc.double({ min: -0.3, max: 1, noNaN: true }),
    })
    .map(({ kind, price, share }) => ({ kind, price, use: Math.round(price * share) })),
  fc.constant({ kind: 'work' as const }),
  fc.record({ kind: fc.constantFrom('cancel' as const, 'retry' as const), n: fc.nat(20) }),
);

interface KnownJob {
  id: UUID;
  price: number;
  use: number;
  status: string;
}

/** An account as it has to be. */
interface Model {
  account: UUID;
  available: number;
  held: number;
  jobs: KnownJob[];
}

/**
 * So many sequences of steps on accounts of the real database, each compared with a model of three numbers after
 * every step; then the whole ledger is verified. A failure prints the seed.
 */
export async function followModel(runs: number, longest: number, seed = Date.now() % 2 ** 31) {
  console.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: longest }), async (steps) => {
      const model: Model = { account: newId(Date.now()), available: 0, held: 0, jobs: [] };
      await openAccount(ctx, model.account);
      for (const one of steps) {
        await take(model, one);
        await compare(model);
      }
      for (const job of model.jobs.filter(({ status }) => status === 'QUEUED'))
        await cancel(model, job);
      await compare(model);
    }),
    { numRuns: runs, seed },
  );
  expect((await verifyLedger()).fault).toBeUndefined();
}

async function compare({ account, available, held }: Model): Promise<void> {
  const found = await CreditAccount.collection.findOne({ _id: account });
  expect([found?.available, found?.held]).toEqual([available, held]);
}

async function take(model: Model, one: Step): Promise<void> {
  const { account } = model;
  if (one.kind === 'post') {
    const { amount } = one;
    const key = `test:${idText(newId(Date.now()))}`;
    const type = amount > 0 ? 'BONUS' : 'SPEND';
    const entry = { account, type, cause: 'ADJUSTMENT', amount, key } as const;
    const against = SYSTEM_ACCOUNTS.PROMOTIONS;
    const posted = transaction(ctx, (tx) => postEntry(tx, { ...entry, against }));
    if (await isAccepted(posted, model.available + amount >= 0)) model.available += amount;
  } else if (one.kind === 'spend') {
    const { price, use } = one;
    const spent = enqueue(ctx, paid, { input: { price, use }, user: account });
    if (!(await isAccepted(spent, model.available >= price))) return;
    hold(model, price);
    model.jobs.push({ id: (await spent)._id, price, use, status: 'QUEUED' });
  } else if (one.kind === 'work') await work(model);
  else {
    const job = model.jobs[one.n % Math.max(1, model.jobs.length)];
    if (job) await (one.kind === 'cancel' ? cancel(model, job) : retry(model, job));
  }
}

/** Waits for what has to be accepted, or refused for want of credits. */
async function isAccepted(done: Promise<unknown>, isDue: boolean): Promise<boolean> {
  if (isDue) await done;
  else await expect(done).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
  return isDue;
}

function hold(model: Model, price: number): void {
  model.available -= price;
  model.held += price;
}

async function work(model: Model): Promise<void> {
  await workOnce(ctx, paidTypes, () => 900_000);
  // Whichever of its jobs had its turn.
  for (const job of model.jobs.filter(({ status }) => status === 'QUEUED')) {
    job.status = (await Job.collection.findOne({ _id: job.id }))?.status as string;
    if (job.status === 'QUEUED') continue;
    model.held -= job.price;
    model.available += job.status === 'COMPLETED' ? job.price - job.use : job.price;
  }
}

async function cancel(model: Model, job: KnownJob): Promise<void> {
  const cancelled = cancelJob(ctx, paidTypes, { _id: job.id });
  if (job.status !== 'QUEUED') return expectRefused(cancelled);
  await cancelled;
  job.status = 'CANCELLED';
  hold(model, -job.price);
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
