import { systemCtx } from '../../../src/context.ts';
import { topUpAccounts } from '../../../src/services/payments/top-ups/run.ts';
import { detachMethod, replaceCard } from '../../fakes/stripe/methods.ts';
import { listObjects } from '../../fakes/stripe/state.ts';
import { NOTHING, type Scenario } from './scenario.ts';
import type { World } from './world.ts';

const newest = (world: World) => listObjects(world.state, 'payment_method')[0]?.id as string;

/** Saved cards, and what becomes of them at Stripe. */
export const CARDS: Scenario[] = [
  {
    name: 'S18 a saved card that its network replaces',
    play: async (world) => {
      world.showsCards = true;
      await world.save('4242424242424242');
      replaceCard(world.state, newest(world), { last4: '1881', exp_year: 2039 });
      await world.tick();
    },
    ends: { ...NOTHING, cards: ['1881'], topUp: undefined },
  },
  {
    name: 'S18b a saved card that is detached; the top-up that is without one says so',
    play: async (world) => {
      world.showsCards = true;
      await world.save('4242424242424242');
      const { status } = await world.person.post('/v1/top-up', { package: 'SMALL', threshold: 5 });
      if (status !== 200) throw new Error(`The top-up was answered with ${status}.`);
      detachMethod(world.state, newest(world));
      await world.flush();
      await topUpAccounts(systemCtx('test'), () => Number.POSITIVE_INFINITY);
      await world.tick();
    },
    ends: { ...NOTHING, cards: [], topUp: 'NO_PAYMENT_METHOD' },
  },
];
