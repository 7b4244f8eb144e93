import type Stripe from 'stripe';
import { EVENT_TYPES, MOST_TYPES } from './event-types.ts';
import { listPages } from './list-pages.ts';
import { toSeconds } from './period.ts';
import { readId } from './read-id.ts';
import { callStripe } from './stripe.ts';

type Named = {
  id?: string;
  payment_intent?: string | { id: string } | null;
  charge?: string | { id: string } | null;
  latest_charge?: string | { id: string } | null;
};

/**
 * Lists what something has happened to since then, by Stripe's own list of events: charges, PaymentIntents and
 * invoices. Word of it may still be on its way.
 */
export async function listNews(since: Date): Promise<Set<string>> {
  const news = new Set<string>();
  const created = { gte: toSeconds(since) };
  for (let at = 0; at < EVENT_TYPES.length; at += MOST_TYPES) {
    const of = { created, types: EVENT_TYPES.slice(at, at + MOST_TYPES) };
    const pages = listPages((asked) => callStripe((s) => s.events.list({ ...of, ...asked })));
    for await (const page of pages) for (const event of page) note(news, event);
  }
  return news;
}

function note(news: Set<string>, { data }: Stripe.Event): void {
  const { id, payment_intent, charge, latest_charge } = data.object as unknown as Named;
  const others = [payment_intent, charge, latest_charge].map(readId);
  for (const one of [id, ...others]) if (one) news.add(one);
}
