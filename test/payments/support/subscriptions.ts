import { createRefund } from '../../fakes/stripe/reversals.ts';
import { paySession } from '../../fakes/stripe/sessions.ts';
import { payOpenInvoice, setBehaviour } from '../../fakes/stripe/subscriptions.ts';
import type { Doc } from '../../harness/given.ts';
import { NOTHING, type Scenario } from './scenario.ts';
import type { Bought, World } from './world.ts';

async function subscribeAndPay(world: World, plan = 'PRO'): Promise<void> {
  await world.subscribe(plan);
  paySession(world.state, world.session, 'PAYS');
  await world.tick();
}

/** Subscriptions: PRO brings 500 credits for each period, STUDIO 2000. */
export const SUBSCRIPTIONS: Scenario[] = [
  {
    name: 'S21 a subscription: renewed twice, upgraded in the middle, past due, paid, ended',
    play: async (world) => {
      await subscribeAndPay(world);
      await world.pass();
      await world.pass();
      await world.pass(0.5);
      await world.flush();
      await world.change('plan', { plan: 'STUDIO' });
      const { id } = world.subscribed;
      setBehaviour(world.state, id, 'DECLINES');
      await world.pass();
      setBehaviour(world.state, id, 'PAYS');
      payOpenInvoice(world.state, id);
      await world.flush();
      await world.change('cancel');
      await world.pass();
    },
    // Three periods of PRO, the difference for half of one, and a period of STUDIO.
    ends: {
      ...NOTHING,
      ...{ balance: 3 * 500 + 750 + 2000, purchases: 5, payments: 5 },
      ...{ subscription: 'CANCELLED', plan: 'STUDIO' },
    },
  },
  {
    name: 'S21b a subscription that goes to a smaller plan with its next period',
    play: async (world) => {
      await subscribeAndPay(world, 'STUDIO');
      await world.flush();
      const changed = await world.change('plan', { plan: 'PRO' });
      if (changed.plan !== 'STUDIO' || changed.nextPlan !== 'PRO') {
        throw new Error(`It is ${JSON.stringify(changed)}`);
      }
      await world.pass();
    },
    ends: {
      ...NOTHING,
      ...{ balance: 2500, purchases: 2, payments: 2, subscription: 'ACTIVE', plan: 'PRO' },
    },
  },
  {
    name: 'S22 a subscription refunded after the credits of its period were spent',
    play: async (world) => {
      await subscribeAndPay(world);
      await world.flush();
      await world.spend(500);
      const { body } = await world.person.get<{ data: Doc[] }>('/v1/payments');
      world.payment = { ...body.data[0], checkout: {} } as Bought;
      createRefund(world.state, { payment_intent: world.intent });
      await world.tick();
    },
    ends: {
      ...{ status: 'REFUNDED', refundedAmount: 1900, error: undefined },
      ...{ ...NOTHING, debt: 500, purchases: 1, payments: 1 },
      ...{ subscription: 'ACTIVE', plan: 'PRO' },
    },
  },
];
