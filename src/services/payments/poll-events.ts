import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { findMany, findOne } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { EventPoll } from '../../models/billing/event-poll.ts';
import { WebhookEvent } from '../../models/webhooks/webhook-event.ts';
import { EVENT_TYPES, MOST_TYPES } from './event-types.ts';
import { noteRound, type Round, toRound } from './poll-round.ts';
import { receiveEvent } from './receive-event.ts';
import { callStripe, StripeRefusal } from './stripe.ts';
import { checkOrigin } from './verify-event.ts';

/** How far Stripe's list of events reaches back, and so the first poll, in ms. */
const REACH = 29 * 24 * 3600_000;
/** An event may be listed some time after its date. */
const OVERLAP = 15 * 60_000;
const PAGE = 100;

/**
 * Reads Stripe's own list of events since the last poll, and takes in those that no webhook brought. After each
 * page it notes how far it is: a run that has no time for all of them is gone on with by the next one.
 * @returns how many those were
 */
export async function pollEvents(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const last = await findOne(ctx, EventPoll, { provider: 'STRIPE' });
  const now = new Date(ctx.clock());
  const polledTo = last?.polledTo ?? new Date(now.getTime() - REACH);
  const since = new Date(polledTo.getTime() - OVERLAP);
  let round = last?.round ? toRound(last.round) : { began: now, types: [...EVENT_TYPES] };
  let missed = 0;
  while (round.types.length > 0) {
    if (timeLeft() < 20_000) return missed;
    const page = await listPage(round, since);
    missed += await takeMissed(ctx, page.data);
    round = goOn(round, page);
    await noteRound(ctx, polledTo, round);
  }
  return missed;
}

/** The next page, the newest first. */
async function listPage({ types, after, until }: Round, since: Date) {
  const asked = {
    types: types.slice(0, MOST_TYPES),
    created: { gte: countSeconds(since), ...(until && { lte: countSeconds(until) }) },
    limit: PAGE,
  };
  const list = (more: object) => callStripe((stripe) => stripe.events.list({ ...asked, ...more }));
  if (!after) return list({});
  try {
    return await list({ starting_after: after });
  } catch (error) {
    // Stripe does not know that one any more: those of its second are read again.
    if (!(error instanceof StripeRefusal)) throw error;
    return list({});
  }
}

function goOn({ began, types }: Round, { data, has_more }: Stripe.ApiList<Stripe.Event>): Round {
  const last = data.at(-1);
  if (!has_more || !last) return { began, types: types.slice(MOST_TYPES) };
  return { began, types, after: last.id, until: new Date(last.created * 1000) };
}

const countSeconds = (at: Date) => Math.floor(at.getTime() / 1000);

async function takeMissed(ctx: Ctx, page: Stripe.Event[]): Promise<number> {
  const eventId = { $in: page.map(({ id }) => id) };
  const options = { projection: { eventId: 1 }, limit: PAGE };
  const known = await findMany(ctx, WebhookEvent, { provider: 'STRIPE', eventId }, options);
  const ids = new Set(known.map((one) => one.eventId));
  let missed = 0;
  for (const event of page.filter(({ id }) => !ids.has(id))) {
    if (await take(ctx, event)) missed++;
  }
  return missed;
}

/** One that is refused would be so in each run: it keeps no other from being taken in. */
async function take(ctx: Ctx, event: Stripe.Event): Promise<boolean> {
  try {
    return await receiveEvent(ctx, checkOrigin(event), 'POLL');
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BAD_REQUEST') throw error;
    ctx.log.error('An event in the list of the payment provider is refused.', {
      ...{ event: String(event.id), error },
    });
    return false;
  }
}
