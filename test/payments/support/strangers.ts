import { LOCAL_WEBHOOK_SECRET as SECRET } from '../../../src/local/stripe.ts';
import { paySession } from '../../fakes/stripe/sessions.ts';
import type { StripeEvent } from '../../fakes/stripe/state.ts';
import { sendEvent } from '../../fakes/stripe/webhooks.ts';
import { api } from '../../harness/place.ts';
import { type Scenario, UNPAID } from './scenario.ts';

const url = `${api}/v1/webhooks/stripe`;

/** What is not ours, or not signed as it should be. */
const SPOILED: [secret: string, secondsAgo: number, change: Partial<StripeEvent>][] = [
  [SECRET, 0, { livemode: true }],
  [SECRET, 0, { account: 'acct_other' }],
  ['whsec_other', 0, {}],
  [SECRET, 360, {}],
  [SECRET, -360, {}],
];

export const STRANGERS: Scenario[] = [
  {
    name: 'S20 events of the other mode, of another account, signed badly, or long ago',
    play: async (world) => {
      await world.buy();
      world.isDeaf = true;
      const before = world.state.events.length;
      paySession(world.state, world.session, 'PAYS');
      const events = world.state.events.slice(before);
      for (const event of events) {
        for (const [secret, ago, change] of SPOILED) {
          const time = Math.floor(Date.now() / 1000) - ago;
          const status = await sendEvent({ url, secret }, { ...event, ...change }, time);
          if (status !== 400) throw new Error(`It was answered with ${status}.`);
        }
      }
    },
    ends: UNPAID,
  },
];
