import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { finishPending } from './finish-pending.ts';
import { pollEvents } from './poll-events.ts';
import { tendSubscriptions } from './subscriptions/tend.ts';

/** What a poll found. */
export interface PollCounts {
  /** Events that no webhook had brought. */
  missed: number;
  /** Payments and subscriptions that were looked up. */
  lookedUp: number;
}

/** Asks Stripe for what it may have told in vain. Does nothing where no key is configured. */
export async function pollPayments(ctx: Ctx, timeLeft: () => number): Promise<PollCounts> {
  if (!config.stripe) return { missed: 0, lookedUp: 0 };
  const missed = await pollEvents(ctx, timeLeft);
  const payments = await finishPending(ctx, timeLeft);
  const subscriptions = await tendSubscriptions(ctx, timeLeft);
  return { missed, lookedUp: payments + subscriptions };
}
