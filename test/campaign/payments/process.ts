// Run by payment-kills.test.ts: does what functions do with payments, one step for each message, and kills
// itself, or mongod, at a call of the database that it is told.
import { createRequire } from 'node:module';
import { type Ctx, systemCtx } from '../../../src/context.ts';
import { connect } from '../../../src/data/connection.ts';
import { BACKGROUND } from '../../../src/data/deadlines.ts';
import { UUID } from '../../../src/data/ids.ts';
import '../../../src/models/index.ts';
import { insert } from '../../../src/data/write.ts';
import { CreditAccount } from '../../../src/models/billing/credit-account.ts';
import { CreditsTransaction } from '../../../src/models/billing/credits-transaction.ts';
import { Payment } from '../../../src/models/billing/payment.ts';
import { PaymentCustomer } from '../../../src/models/billing/payment-customer.ts';
import { PaymentMethod } from '../../../src/models/billing/payment-method.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { verifyLedger } from '../../../src/services/billing/verify.ts';
import { jobTypes } from '../../../src/services/job-types.ts';
import { workOnce } from '../../../src/services/jobs/worker.ts';
import { buyCredits } from '../../../src/services/payments/buy.ts';
import { pollPayments } from '../../../src/services/payments/poll.ts';
import { receiveEvent } from '../../../src/services/payments/receive-event.ts';
import { reconcilePayments } from '../../../src/services/payments/reconcile.ts';
import { refundPayment } from '../../../src/services/payments/refund.ts';
import { topUpAccounts } from '../../../src/services/payments/top-ups/run.ts';
import { setTopUp } from '../../../src/services/payments/top-ups/set.ts';
import { until } from '../../harness/until.ts';

/** What a process is to do: a step, and whether something is killed in it. */
export interface Asked {
  step: string;
  user: string;
  payment: string;
  /** An event, as Stripe sends it; or the customer and the method that Stripe has saved. */
  event?: object;
  saved?: { customer: string; method: string };
  /** How far its clock is ahead, in minutes: leases have run out, and what failed is due. */
  minutes?: number;
  kill?: Kill;
}

interface Kill {
  /** How many calls of the database go well before. */
  left: number;
  /** Whether the last one is still carried out, though nobody hears the answer. */
  isHeard: boolean;
  /** What is killed: this process where it is not mongod. */
  pid?: number;
}

/** What it answers; nothing where it was killed. */
export interface Told {
  isKilled: boolean;
  result?: unknown;
  error?: string;
}

const FOREVER = () => Number.POSITIVE_INFINITY;
let kill: Kill | undefined;
let isKilled = false;

function makeCtx({ minutes = 0 }: Asked): Ctx {
  return { ...systemCtx('kills'), clock: () => Date.now() + minutes * 60_000 };
}

const steps: Record<string, (ctx: Ctx, asked: Asked) => Promise<unknown>> = {
  // A client that got no answer asks again, under the same key: the id is the same.
  buy: async (ctx, { user, payment }) => {
    const _id = new UUID(payment);
    if (await Payment.collection.findOne({ _id })) return pollPayments(ctx, FOREVER);
    return buyCredits(ctx, { user: new UUID(user), _id, package: 'SMALL' });
  },
  receive: (ctx, { event }) => receiveEvent(ctx, event as never, 'WEBHOOK'),
  work: async (ctx) => {
    for (let turns = 0; turns < 50; turns++) {
      if ((await workOnce(ctx, jobTypes, () => 900_000, 'PROVIDER')) === 'IDLE') break;
    }
    // What waits for its next try is due later.
    if ((await countWaiting()) > 0) throw new Error('Not all events are handled.');
  },
  refund: async (ctx, { payment }) => {
    const _id = new UUID(payment);
    const before = await Payment.collection.findOne({ _id });
    if (before?.status === 'REFUNDED') return;
    await refundPayment({ ...ctx, requestKey: `refund-${payment}` }, { _id }, {});
  },
  save: async (ctx, { user: owner, saved }) => {
    const user = new UUID(owner);
    await insert(ctx, PaymentCustomer, { user, providerId: saved?.customer });
    await insert(ctx, PaymentMethod, { user, providerId: saved?.method, type: 'card' });
    await setTopUp(ctx, { user, package: 'SMALL', threshold: 50 });
  },
  topUp: (ctx) => topUpAccounts(ctx, FOREVER),
  poll: (ctx) => pollPayments(ctx, FOREVER),
  check,
};

/** What is left of it all, and whether the books of both sides agree. */
async function check(ctx: Ctx, { user, payment }: Asked): Promise<object> {
  const _id = new UUID(user);
  const account = await CreditAccount.collection.findOne({ _id });
  const mine = { user: _id };
  const last =
    (await Payment.collection.findOne({ _id: new UUID(payment) })) ??
    (await Payment.collection.findOne(mine));
  const period = { from: new Date(Date.now() - 60_000), to: new Date(Date.now() + 60_000) };
  const report = await reconcilePayments(ctx, period);
  const { fault } = await verifyLedger();
  return {
    status: last?.status,
    balance: account?.available,
    debt: account?.debt,
    isFrozen: account?.isFrozen,
    payments: await Payment.collection.countDocuments(mine),
    purchases: await CreditsTransaction.collection.countDocuments({
      account: _id,
      type: 'PURCHASE',
    }),
    waiting: await countWaiting(),
    differences: report?.differences.map(({ message }) => message),
    ...(fault && { fault }),
  };
}

function countWaiting(): Promise<number> {
  const waiting = { status: { $in: ['QUEUED', 'RUNNING'] }, type: 'handle-stripe-event' };
  return Job.collection.countDocuments(waiting);
}

const require = createRequire(import.meta.url);
const { Server } = createRequire(require.resolve('mongoose'))('mongodb/lib/sdam/server.js');
const original = Server.prototype.command as (...args: unknown[]) => Promise<unknown>;
Server.prototype.command = async function (this: unknown, ...args: unknown[]) {
  if (!kill || isKilled || kill.left-- > 0) return original.apply(this, args);
  isKilled = true;
  if (kill.isHeard) await original.apply(this, args).catch(() => undefined);
  process.kill(kill.pid ?? process.pid, 'SIGKILL');
  return original.apply(this, args);
};

// It may be started while mongod is on its way back.
await until('the database can be reached', () =>
  connect(BACKGROUND).then(
    () => true,
    (error) => {
      if (error.code !== 'UNAVAILABLE') throw error;
    },
  ),
);
process.on('message', async (message) => {
  const asked = message as Asked;
  isKilled = false;
  kill = asked.kill;
  const told: Told = { isKilled: false };
  try {
    told.result = await steps[asked.step]?.(makeCtx(asked), asked);
  } catch (error) {
    told.error = String((error as Error).stack ?? error);
  }
  kill = undefined;
  process.send?.({ ...told, isKilled } satisfies Told);
});
process.send?.('ready');
