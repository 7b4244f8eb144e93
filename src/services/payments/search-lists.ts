import type Stripe from 'stripe';
import { callStripe, isMissing } from './stripe.ts';

/** What is looked for: an object of a customer with our mark on it, made then or later. */
interface Sought {
  customer: string;
  since: Date;
  mark: { name: 'payment' | 'subscription'; id: string };
}

const MOST = { limit: 1000 };
/** Our clock and Stripe's may differ by so many s. */
const APART = 60;

/** Searches Stripe's list for the Checkout session that was made for something of ours. */
export function searchSessions(sought: Sought): Promise<Stripe.Checkout.Session | undefined> {
  return search(sought, (of) =>
    callStripe((stripe) => stripe.checkout.sessions.list(of).autoPagingToArray(MOST)),
  );
}

/** Searches Stripe's list for the PaymentIntent that was made for something of ours. */
export function searchIntents(sought: Sought): Promise<Stripe.PaymentIntent | undefined> {
  return search(sought, (of) =>
    callStripe((stripe) => stripe.paymentIntents.list(of).autoPagingToArray(MOST)),
  );
}

/**
 * Searches all of Stripe's PaymentIntents, of whichever customer, for the one with our mark. Stripe finds a new
 * one within a minute, so one that was made just now is only in its list.
 */
export async function searchAllIntents({
  name,
  id,
}: Sought['mark']): Promise<Stripe.PaymentIntent | undefined> {
  const query = `metadata['${name}']:'${id}'`;
  const found = await callStripe((stripe) => stripe.paymentIntents.search({ query, limit: 1 }));
  return found.data[0];
}

type Of = { customer: string; created: { gte: number }; limit: number };

async function search<T extends { metadata: Stripe.Metadata | null }>(
  { customer, since, mark }: Sought,
  list: (of: Of) => Promise<T[]>,
): Promise<T | undefined> {
  const gte = Math.floor(since.getTime() / 1000) - APART;
  try {
    const found = await list({ customer, created: { gte }, limit: 100 });
    return found.find(({ metadata }) => metadata?.[mark.name] === mark.id);
  } catch (error) {
    // The customer was deleted, and nothing can be paid for that one.
    if (isMissing(error)) return undefined;
    throw error;
  }
}
