import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import { newId } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { EventPoll } from '../../models/billing/event-poll.ts';
import { WebhookEvent } from '../../models/webhooks/webhook-event.ts';
import { EVENT_TYPES } from './event-types.ts';
import { receiveEvent } from './receive-event.ts';
import { callStripe } from './stripe.ts';
import { checkOrigin } from './verify-event.ts';

/** How far Stripe's list of events reaches back, and so the first poll, in ms. */
const REACH = 29 * 24 * 3600_000;
/** An event may be listed some time after its date. */
const OVERLAP = 15 * 60_000;
const PAGE = 100;
/** So many types of events Stripe's list can be asked for at once. */
const MOST_TYPES = 20;

/**
 * Reads Stripe's own list of events since the last poll, and takes in those that no webhook brought.
 * @returns how many those were
 */
export async function pollEvents(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const began = ctx.clock();
  const last = await findOne(ctx, EventPoll, { provider: 'STRIPE' });
  const since = (last?.polledTo.getTime() ?? began - REACH) - OVERLAP;
  let missed = 0;
  for (let at = 0; at < EVENT_TYPES.length; at += MOST_TYPES) {
    const types = EVENT_TYPES.slice(at, at + MOST_TYPES);
    let after: string | undefined;
    do {
      // The next run begins where this one began; what it has taken in is known then.
      if (timeLeft() < 20_000) return missed;
      const page = await callStripe((stripe) =>
        stripe.events.list({
          types,
          created: { gte: Math.floor(since / 1000) },
          limit: PAGE,
          ...(after && { starting_after: after }),
        }),
      );
      missed += await takeMissed(ctx, page.data);
      after = page.has_more ? page.data.at(-1)?.id : undefined;
    } while (after);
  }
  await notePoll(ctx, new Date(began));
  return missed;
}

async function takeMissed(ctx: Ctx, page: Stripe.Event[]): Promise<number> {
  const eventId = { $in: page.map(({ id }) => id) };
  const options = { projection: { eventId: 1 }, limit: PAGE };
  const known = await findMany(ctx, WebhookEvent, { provider: 'STRIPE', eventId }, options);
  const ids = new Set(known.map((one) => one.eventId));
  let missed = 0;
  for (const event of page.filter(({ id }) => !ids.has(id))) {
    if (await receiveEvent(ctx, checkOrigin(event), 'POLL')) missed++;
  }
  return missed;
}

async function notePoll(ctx: Ctx, polledTo: Date): Promise<void> {
  const now = new Date(ctx.clock());
  await EventPoll.collection.updateOne(
    { provider: 'STRIPE' },
    {
      $set: { polledTo, updatedAt: now },
      $inc: { version: 1 },
      $setOnInsert: { _id: newId(ctx.clock()), createdAt: now },
    },
    { upsert: true },
  );
}
