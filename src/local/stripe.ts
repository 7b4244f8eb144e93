import { startFakeStripe } from '../../test/fakes/stripe/fake.ts';
import { startDelivery } from '../../test/fakes/stripe/webhooks.ts';

/** What the stand-in signs its events with. */
export const LOCAL_WEBHOOK_SECRET = 'whsec_local';

/** The stand-in for Stripe that `npm start` uses when no key is set: no money moves, and it forgets all when it ends. */
export type LocalStripe = {
  readonly url: string;
  /** Sends its events to the API at this address: late, more than once, out of order. */
  deliverTo(api: string): void;
  stop(): Promise<void>;
};

/** Starts it, with a page for test cards behind the address of each checkout. */
export async function startLocalStripe(port: number): Promise<LocalStripe> {
  const fake = await startFakeStripe({ port });
  const endings: (() => void)[] = [];
  return {
    url: fake.url,
    deliverTo: (api) => {
      const endpoint = { url: `${api}/v1/webhooks/stripe`, secret: LOCAL_WEBHOOK_SECRET };
      const delivery = startDelivery(endpoint);
      fake.state.listeners.push(delivery.listen);
      endings.push(delivery.stop);
    },
    stop: async () => {
      for (const end of endings) end();
      await fake.stop();
    },
  };
}
