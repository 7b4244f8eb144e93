import type { Ctx } from '../../context.ts';
import { newId } from '../../data/ids.ts';
import { EventPoll, type EventPollDoc } from '../../models/billing/event-poll.ts';

/** One reading of Stripe's list of events, from the newest to where the last one began. */
export interface Round {
  began: Date;
  /** Of which events are still to be read: the first of them are asked for together. */
  types: string[];
  /** The last event of these that was read, and its time. */
  after?: string;
  until?: Date;
}

/** The round that is under way, as it is stored. */
export function toRound({ began, types, after, until }: NonNullable<EventPollDoc['round']>): Round {
  return { began, types: [...types], ...(after && { after }), ...(until && { until }) };
}

/** Notes how far a round is; once all of it was read, that the next one reaches back to where this one began. */
export async function noteRound(ctx: Ctx, polledTo: Date, round: Round): Promise<void> {
  const now = new Date(ctx.clock());
  const isRead = round.types.length === 0;
  await EventPoll.collection.updateOne(
    { provider: 'STRIPE' },
    {
      // Another run may have been at it at the same time, and have come further.
      $max: { polledTo: isRead ? round.began : polledTo },
      $set: { updatedAt: now, ...(!isRead && { round }) },
      ...(isRead && { $unset: { round: 1 } }),
      $inc: { version: 1 },
      $setOnInsert: { _id: newId(ctx.clock()), createdAt: now },
    },
    { upsert: true },
  );
}
