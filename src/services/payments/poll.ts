import { collectErrors } from '../../collect-errors.ts';
import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { finishPending } from './finish-pending.ts';
import { handOnEvents } from './hand-on.ts';
import { pollEvents } from './poll-events.ts';
import { tendSubscriptions } from './subscriptions/tend.ts';

/** Longer than a run lasts, in ms: time without an end has no parts. */
const LONGEST = 15 * 60_000;

/** No step is begun with less, in ms. */
const STEP = 20_000;

/** What a poll found. */
export interface PollCounts {
  /** Events that no webhook had brought. */
  missed: number;
  /** Events that no job had handled. */
  handedOn: number;
  /** Payments and subscriptions that were looked up. */
  lookedUp: number;
}

/**
 * Asks Stripe for what it may have told in vain, and hands on what was told and not handled. Each kind has its
 * share of the time, and one that fails keeps none of the others from being looked at. Does nothing where no key is
 * configured.
 */
export async function pollPayments(ctx: Ctx, timeLeft: () => number): Promise<PollCounts> {
  if (!config.stripe) return { missed: 0, handedOn: 0, lookedUp: 0 };
  const { attempt, finish } = collectErrors();
  const handedOn = await attempt(() => handOnEvents(ctx, leaveTime(timeLeft, 3 / 4)));
  const missed = await attempt(() => pollEvents(ctx, leaveTime(timeLeft, 2 / 3)));
  const payments = await attempt(() => finishPending(ctx, leaveTime(timeLeft, 1 / 2)));
  const subscriptions = await attempt(() => tendSubscriptions(ctx, timeLeft));
  finish();
  const lookedUp = (payments ?? 0) + (subscriptions ?? 0);
  return { missed: missed ?? 0, handedOn: handedOn ?? 0, lookedUp };
}

/** What is left of the time, but for a part of it that is left to others: where there is enough for both. */
function leaveTime(timeLeft: () => number, part: number): () => number {
  const left = Math.min(timeLeft(), LONGEST);
  const forOthers = Math.max(0, Math.min(left * part, left - STEP));
  return () => timeLeft() - forOthers;
}
