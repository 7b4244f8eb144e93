import { systemCtx } from '../../../src/context.ts';
import { pollPayments } from '../../../src/services/payments/poll.ts';
import { cancelIntent, chargeIntent } from '../../fakes/stripe/intents.ts';
import { createRefund } from '../../fakes/stripe/reversals.ts';
import {
  answerBank,
  expireSession,
  finishDelayed,
  paySession,
} from '../../fakes/stripe/sessions.ts';
import { need } from '../../fakes/stripe/state.ts';
import { buyAndPay } from './buying.ts';
import { CARDS } from './cards.ts';
import { REVERSALS } from './reversals.ts';
import { PAID, type Scenario, UNPAID } from './scenario.ts';
import { STRANGERS } from './strangers.ts';
import { SUBSCRIPTIONS } from './subscriptions.ts';
import type { World } from './world.ts';

/** The minutes pass after which lost outcomes are looked up. */
export async function pollLater(minutes = 2): Promise<void> {
  const clock = () => Date.now() + minutes * 60_000;
  await pollPayments({ ...systemCtx('test'), clock }, () => Number.POSITIVE_INFINITY);
}

const PURCHASES: Scenario[] = [
  { name: 'S1 Checkout, paid by card', play: buyAndPay, ends: PAID },
  {
    name: 'S2 Checkout by a delayed method, paid later',
    play: async (world) => {
      await world.buy();
      paySession(world.state, world.session, 'DELAYS');
      await world.tick();
      finishDelayed(world.state, world.session, true);
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S3 Checkout by a delayed method, refused later',
    play: async (world) => {
      await world.buy();
      paySession(world.state, world.session, 'DELAYS');
      await world.tick();
      finishDelayed(world.state, world.session, false);
      await world.tick();
    },
    ends: { ...UNPAID, status: 'FAILED', error: 'PAYMENT_METHOD_PROVIDER_DECLINE' },
  },
  {
    name: 'S4 a session that expires',
    play: async (world) => {
      await world.buy();
      expireSession(world.state, world.session);
      await world.tick();
    },
    ends: { ...UNPAID, status: 'FAILED', error: 'EXPIRED' },
  },
  {
    name: 'S5 a PaymentIntent, declined, then paid',
    play: async (world) => {
      await world.buy({ flow: 'INTENT' });
      const intent = need(world.state, world.intent, 'payment_intent');
      chargeIntent(world.state, intent, 'DECLINES');
      await world.tick();
      chargeIntent(world.state, intent, 'PAYS');
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S6 a PaymentIntent, declined, and left',
    play: async (world) => {
      await world.buy({ flow: 'INTENT' });
      const intent = need(world.state, world.intent, 'payment_intent');
      chargeIntent(world.state, intent, 'LACKS_FUNDS');
      await world.tick();
      cancelIntent(world.state, intent.id);
      await world.tick();
    },
    ends: { ...UNPAID, status: 'FAILED', error: 'CANCELED' },
  },
  {
    name: 'S7 a card that asks its holder, who confirms',
    play: async (world) => {
      await world.buy();
      paySession(world.state, world.session, 'ASKS');
      await world.tick();
      answerBank(world.state, world.session, true);
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S8 session and PaymentIntent both tell, at once',
    play: async (world) => {
      await world.buy();
      paySession(world.state, world.session, 'PAYS');
      await Promise.all([world.tick(), world.tick()]);
    },
    ends: PAID,
  },
  {
    name: 'S9 our call broke off, and Stripe had made it',
    play: async (world) => {
      world.stripe.faults.push({
        ...{ at: /^POST \/v1\/checkout\/sessions$/, does: 'BREAKS_AFTER', times: 2 },
      });
      const { status } = await world.person.post('/v1/payments', { package: 'SMALL' });
      if (status !== 503) throw new Error(`It answered ${status}.`);
      const { body } = await world.person.get<{ data: World['payment'][] }>('/v1/payments');
      const sessions = [...world.state.objects.values()];
      const made = sessions.find(({ client_reference_id: id }) => id === body.data[0]?.id);
      world.payment = { ...body.data[0], checkout: { url: made?.url } } as World['payment'];
      if (world.order.random() < 0.5) await pollLater();
      paySession(world.state, world.session, 'PAYS');
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S9b other than what was asked for is paid, and given back in Stripe’s dashboard',
    play: async (world) => {
      await world.buy({ flow: 'INTENT' });
      const intent = need(world.state, world.intent, 'payment_intent');
      intent.amount = 499;
      chargeIntent(world.state, intent, 'PAYS');
      await world.flush();
      const between = await world.describe();
      if (between.error !== 'AMOUNT_MISMATCH' || between.balance !== 0) {
        throw new Error(`It is ${JSON.stringify(between)}`);
      }
      createRefund(world.state, { payment_intent: world.intent });
      await world.tick();
    },
    ends: { ...UNPAID, status: 'FAILED', error: 'AMOUNT_MISMATCH' },
  },
  {
    name: 'S17 a saved card that asks its holder, who comes back',
    play: async (world) => {
      const { id } = await world.save('4000002500003155');
      const { checkout } = await world.buy({ paymentMethod: id });
      const { body } = await world.person.post<Record<string, unknown>>(
        `/v1/payments/${world.payment?.id}/checkout`,
      );
      if (body.clientSecret !== checkout.clientSecret) throw new Error('There is no way back.');
      await world.flush();
      const between = await world.describe();
      if (between.error !== 'AUTHENTICATION_REQUIRED' || between.balance !== 0) {
        throw new Error(`It is ${JSON.stringify(between)}`);
      }
      answerBank(world.state, world.intent, true);
      await world.tick();
    },
    ends: PAID,
  },
  {
    name: 'S17b a saved card that pays at once, whose events come before our call has returned',
    play: async (world) => {
      const { id } = await world.save('4242424242424242');
      world.stripe.beforeAnswer = async ({ method, path }) => {
        if (method === 'POST' && path === '/v1/payment_intents') {
          world.stripe.beforeAnswer = undefined;
          await world.flush();
        }
      };
      await world.buy({ paymentMethod: id });
    },
    ends: PAID,
  },
  {
    name: 'S19 webhooks that are lost for good',
    play: async (world) => {
      await world.buy();
      world.isDeaf = true;
      paySession(world.state, world.session, 'PAYS');
      await world.flush();
      await pollLater(0);
      await world.work();
    },
    ends: PAID,
  },
];

export const SCENARIOS: Scenario[] = [
  ...PURCHASES,
  ...REVERSALS,
  ...CARDS,
  ...STRANGERS,
  ...SUBSCRIPTIONS,
];
