import { systemCtx } from '../../src/context.ts';
import { UUID } from '../../src/data/ids.ts';
import { transaction } from '../../src/data/transaction.ts';
import { CreditsTransaction } from '../../src/models/billing/credits-transaction.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { openAccount } from '../../src/services/billing/accounts.ts';
import { expireHolds } from '../../src/services/billing/expire-holds.ts';
import { expireLots } from '../../src/services/billing/expire-lots.ts';
import { grantCredits } from '../../src/services/billing/grants.ts';
import { grantWelcome } from '../../src/services/billing/welcome.ts';
import { cancelJob, retryJob } from '../../src/services/jobs/control.ts';
import { enqueue } from '../../src/services/jobs/queue.ts';
import { workOnce } from '../../src/services/jobs/worker.ts';
import { settlePayment } from '../../src/services/payments/settle.ts';
import { grant } from '../billing/make-entry.ts';
import { spend } from '../billing/paid-jobs.ts';
import { paid, paidTypes } from '../billing/paid-type.ts';
import type { FakeStripe } from '../fakes/stripe/fake.ts';
import { createRefund } from '../fakes/stripe/reversals.ts';
import { paySession } from '../fakes/stripe/sessions.ts';
import { given, type Person } from '../harness/given.ts';
import { IN_ORDER, World } from '../payments/support/world.ts';

const ctx = systemCtx('test');
const later = { ...ctx, clock: () => Date.now() + 3_600_000 };
const HAS = 20;

/** A write of money that is about to happen. */
interface Move {
  account: UUID;
  /** Does it, or does it again: the status of an answer, or nothing. */
  once(): Promise<number | undefined>;
  /** What the account has once it has happened. */
  end: { available: number; held: number; entries: number };
}

/** Ways to write money, each by its name. @param key the Idempotency-Key of what a client asks for */
export type Moves = Record<string, (key: string) => Promise<Move>>;

/** What clients ask for through the API, each with its key. */
export function listRequests(root: () => Person): Moves {
  const byAdmin = (path: string, body: object, key: string) =>
    root().post(path, body, { 'idempotency-key': key });
  return {
    'a spend': async (key) => {
      const alice = await holder();
      const once = async () => (await spend(alice, { 'idempotency-key': key })).status;
      return describe(alice, once, 19, 1, 1);
    },
    'a grant': async (key) => {
      const alice = await holder();
      const body = { user: alice.id, amount: 5, reason: 'for a test' };
      const once = async () => (await byAdmin('/v1/credits/grants', body, key)).status;
      return describe(alice, once, 25, 0, 2);
    },
    'an adjustment': async (key) => {
      const alice = await holder();
      const body = { user: alice.id, amount: -5, reason: 'for a test' };
      const once = async () => (await byAdmin('/v1/credits/adjustments', body, key)).status;
      return describe(alice, once, 15, 0, 2);
    },
    'a reversal': async (key) => {
      const alice = await holder();
      const first = await CreditsTransaction.collection.findOne({ account: new UUID(alice.id) });
      const body = { entry: String(first?._id), reason: 'for a test' };
      const once = async () => (await byAdmin('/v1/credits/reversals', body, key)).status;
      return describe(alice, once, 0, 0, 2);
    },
  };
}

/** What workers and schedules do, until it is done. */
export const ends: Moves = {
  'a completion': async () => {
    const { alice } = await starter(4);
    return describe(alice, makeWork(), 16, 0, 2);
  },
  'a failure': async () => {
    const { alice } = await starter(-1);
    return describe(alice, makeWork(), 20, 0, 1);
  },
  'a cancellation': async () => {
    const { alice, _id } = await starter(4);
    return describe(alice, () => quietly(cancelJob(ctx, paidTypes, { _id })), 20, 0, 1);
  },
  'a retry': async () => {
    const { alice, _id } = await starter(4);
    await cancelJob(ctx, paidTypes, { _id });
    return describe(alice, () => quietly(retryJob(ctx, paidTypes, { _id })), 10, 10, 1);
  },
  'the expiry of a hold': async () => {
    const { alice, _id } = await starter(4);
    await Job.collection.deleteOne({ _id });
    return describe(alice, () => quietly(expireHolds(later)), 20, 0, 1);
  },
  'the expiry of credits': async () => {
    const alice = await holder();
    const gift = { user: new UUID(alice.id), amount: 5, reason: 'for a test' };
    await grantCredits(ctx, { ...gift, expiresAt: new Date(Date.now() + 60_000) });
    return describe(alice, () => quietly(expireLots(later)), 20, 0, 3);
  },
  'the first credits': async () => {
    const alice = await holder();
    const account = new UUID(alice.id);
    await openAccount(ctx, account);
    const once = () => transaction(ctx, (tx) => grantWelcome(tx, account, alice.email));
    return describe(alice, () => quietly(once()), 45, 0, 2);
  },
};

/** What Stripe tells of. */
export function listPayments(stripe: FakeStripe): Moves {
  const bought = async () => {
    const world = await World.make(stripe, IN_ORDER);
    await world.buy();
    world.isDeaf = true;
    paySession(stripe.state, world.session, 'PAYS');
    return world;
  };
  const settle = (world: World) => async () =>
    quietly(settlePayment(ctx, new UUID(world.payment?.id as string)));
  return {
    'a purchase': async () => {
      const world = await bought();
      return describe(world.person, settle(world), 100, 0, 1);
    },
    'a refund': async () => {
      const world = await bought();
      await settle(world)();
      createRefund(stripe.state, { payment_intent: world.intent });
      return describe(world.person, settle(world), 0, 0, 2);
    },
  };
}

async function holder(): Promise<Person> {
  const alice = await given.user();
  await grant(alice, HAS);
  return alice;
}

async function starter(use: number) {
  const alice = await holder();
  const user = new UUID(alice.id);
  const { _id } = await enqueue(ctx, paid, { input: { price: 10, use }, user });
  return { alice, _id };
}

function describe(
  { id }: Person,
  once: Move['once'],
  available: number,
  held: number,
  entries: number,
): Move {
  return { account: new UUID(id), once, end: { available, held, entries } };
}

/** Workers that come one after another, each once the lease of the one before is over. */
function makeWork(): Move['once'] {
  let ahead = 0;
  return async () => {
    const now = ahead;
    ahead += 60_000;
    return quietly(workOnce({ ...ctx, clock: () => Date.now() + now }, paidTypes, () => 900_000));
  };
}

async function quietly(done: Promise<unknown>): Promise<undefined> {
  await done;
}
