import {
  closeDispute,
  createRefund,
  finishRefund,
  openDispute,
  preventDispute,
  reviewDispute,
} from '../../fakes/stripe/reversals.ts';
import { given, type Person } from '../../harness/given.ts';
import { newKey } from '../../harness/new-key.ts';
import { buyAndPay, buySettled } from './buying.ts';
import { GONE, PAID, type Scenario } from './scenario.ts';
import type { World } from './world.ts';

async function refund(world: World, body: object): Promise<void> {
  const admin = await findAdmin();
  const path = `/v1/payments/${world.payment?.id}/refund`;
  const { status, text } = await admin.post(path, body, newKey());
  if (status !== 200) throw new Error(`Nothing was refunded: ${status} ${text}`);
  await world.tick();
}

const FRESH = 5 * 60_000;
let known: { admin: Promise<Person>; since: number } | undefined;

/** One for many refunds, for less than a token of theirs is valid. */
function findAdmin(): Promise<Person> {
  if (!known || Date.now() - known.since > FRESH) {
    known = { admin: given.admin(), since: Date.now() };
  }
  return known.admin;
}

/** Money that goes back: refunds and disputes. */
export const REVERSALS: Scenario[] = [
  {
    name: 'S10 refunded in full',
    play: async (world) => {
      await buySettled(world);
      await refund(world, {});
    },
    ends: GONE,
  },
  {
    name: 'S11 refunded twice, in part',
    play: async (world) => {
      await buySettled(world);
      await refund(world, { amount: 101 });
      await refund(world, { amount: 204 });
    },
    ends: { ...PAID, refundedAmount: 305, balance: 39 },
  },
  {
    name: 'S11b refunded three times, in full: what rounding leaves goes, too',
    play: async (world) => {
      await buySettled(world);
      for (const amount of [167, 167, 166]) {
        createRefund(world.state, { payment_intent: world.intent, amount: String(amount) });
        await world.tick();
      }
    },
    ends: GONE,
  },
  {
    name: 'S11c refunded in many small parts, each of less than a credit',
    play: async (world) => {
      await buySettled(world);
      for (let n = 0; n < 12; n++) {
        createRefund(world.state, { payment_intent: world.intent, amount: '4' });
        await world.tick();
      }
    },
    ends: { ...PAID, refundedAmount: 48, balance: 91 },
  },
  {
    name: 'S12 a refund that was pending, and fails',
    play: async (world) => {
      await buySettled(world);
      world.state.refundStatus = 'pending';
      const made = createRefund(world.state, { payment_intent: world.intent, amount: '333' });
      world.state.refundStatus = 'succeeded';
      await world.tick();
      finishRefund(world.state, made.id, 'failed');
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S13 a dispute that is lost',
    play: async (world) => {
      await buyAndPay(world);
      const { id } = openDispute(world.state, world.intent);
      await world.tick();
      closeDispute(world.state, id, 'lost');
      await world.tick();
    },
    ends: { ...GONE, error: 'DISPUTED' },
  },
  {
    name: 'S14 a dispute that is won',
    play: async (world) => {
      await buyAndPay(world);
      const { id } = openDispute(world.state, world.intent);
      await world.tick();
      closeDispute(world.state, id, 'won');
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S14b an inquiry, which freezes nothing',
    play: async (world) => {
      await buyAndPay(world);
      openDispute(world.state, world.intent, 'warning_needs_response');
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S13b a dispute that is lost, appealed against, and lost again',
    play: async (world) => {
      await buyAndPay(world);
      const { id } = openDispute(world.state, world.intent);
      await world.tick();
      closeDispute(world.state, id, 'lost');
      await world.tick();
      reviewDispute(world.state, id, 'appeal_needs_response');
      await world.tick();
      reviewDispute(world.state, id, 'appeal_under_review');
      await world.tick();
      closeDispute(world.state, id, 'lost');
      await world.tick();
    },
    ends: { ...GONE, error: 'DISPUTED' },
  },
  {
    name: 'S13c a dispute that is lost, and won by an appeal',
    play: async (world) => {
      await buySettled(world);
      await world.spend(30);
      const { id } = openDispute(world.state, world.intent);
      closeDispute(world.state, id, 'lost');
      await world.flush();
      const between = await world.describe();
      if (between.debt !== 30) throw new Error(`It is ${JSON.stringify(between)}`);
      reviewDispute(world.state, id, 'appeal_under_review');
      await world.tick();
      closeDispute(world.state, id, 'won');
      await world.tick();
    },
    ends: { ...PAID, balance: 70 },
  },
  {
    name: 'S14c a dispute that is won, and lost by an appeal',
    play: async (world) => {
      await buyAndPay(world);
      const { id } = openDispute(world.state, world.intent);
      closeDispute(world.state, id, 'won');
      await world.flush();
      reviewDispute(world.state, id, 'appeal_under_review');
      await world.flush();
      const between = await world.describe();
      if (!between.isFrozen) throw new Error(`It is ${JSON.stringify(between)}`);
      closeDispute(world.state, id, 'lost');
      await world.tick();
    },
    ends: { ...GONE, error: 'DISPUTED' },
  },
  {
    name: 'S14d a dispute that is prevented by giving the money back',
    play: async (world) => {
      await buyAndPay(world);
      preventDispute(world.state, world.intent, true);
      await world.tick();
    },
    ends: { ...GONE, error: 'DISPUTED' },
  },
  {
    name: 'S14e a dispute that is prevented because the money was refunded in part',
    play: async (world) => {
      await buySettled(world);
      createRefund(world.state, { payment_intent: world.intent, amount: '100' });
      preventDispute(world.state, world.intent, false);
      await world.tick();
    },
    ends: { ...PAID, refundedAmount: 100, balance: 80 },
  },
  {
    name: 'S15 a dispute that is lost after the credits were spent; new ones pay the debt',
    play: async (world) => {
      await buySettled(world);
      await world.spend(80);
      const { id } = openDispute(world.state, world.intent);
      closeDispute(world.state, id, 'lost');
      await world.flush();
      const { payment } = world;
      await buySettled(world);
      world.payment = payment;
    },
    ends: { ...GONE, error: 'DISPUTED', balance: 20, purchases: 2 },
  },
  {
    name: 'S16 refunded in Stripe’s dashboard, after the credits were spent',
    play: async (world) => {
      await buySettled(world);
      await world.spend(30);
      createRefund(world.state, { payment_intent: world.intent });
      await world.tick();
    },
    ends: { ...GONE, debt: 30 },
  },
];
