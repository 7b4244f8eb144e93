import { createHmac } from 'node:crypto';
import type { StripeEvent } from './state.ts';

/** Where events are sent, and what they are signed with. */
export interface Endpoint {
  url: string;
  secret: string;
}

/** The header that Stripe signs a body with, at a time in s. */
export function signBody(body: string, secret: string, time: number): string {
  const hmac = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return `t=${time},v1=${hmac}`;
}

/** Sends an event once. Returns the status of the answer; 0 where there is none. */
export async function sendEvent(
  { url, secret }: Endpoint,
  event: StripeEvent,
  time = Math.floor(Date.now() / 1000),
): Promise<number> {
  const body = JSON.stringify(event, null, 2);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'stripe-signature': signBody(body, secret, time),
  };
  try {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(url, { method: 'POST', body, headers, signal });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0; // nobody listens, which Stripe tries again, too
  }
}

const TRIES = 6;

/**
 * Sends each event as a bad day would: one to three times, late, and so out of order; again where it was
 * not taken.
 */
export function startDelivery(endpoint: Endpoint, { longest = 3000 } = {}) {
  const timers = new Set<NodeJS.Timeout>();
  const later = (event: StripeEvent, delay: number, tries: number) => {
    const timer = setTimeout(async () => {
      timers.delete(timer);
      const status = await sendEvent(endpoint, event);
      const isTaken = status >= 200 && status < 300;
      if (!isTaken && tries < TRIES) later(event, longest * 2 ** tries, tries + 1);
    }, delay);
    timers.add(timer);
  };
  return {
    listen: (event: StripeEvent) => {
      const times = 1 + Math.floor(Math.random() * 3);
      for (let n = 0; n < times; n++) later(event, Math.random() * longest, 1);
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
