import type { Ctx } from '../../../context.ts';
import type { SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { findKnown } from '../customer.ts';
import { searchSessions } from '../search-lists.ts';
import { noteCheckout } from './adopt.ts';
import { describeSought, endUnopened, openSubscription } from './open.ts';
import { settleSubscription } from './settle.ts';

/** For less than the 24 hours for which Stripe knows our key and answers the same, in ms. */
const SAME_ANSWER = 23 * 3600_000;

/**
 * Finds the outcome of a call that opened a subscription and never returned, as a payment's: asked for again by
 * the same key, later searched for among the sessions of its customer. What Stripe has never heard of has ended.
 */
export async function lookUpSubscription(ctx: Ctx, subscription: SubscriptionDoc): Promise<void> {
  const { _id, createdAt } = subscription;
  if (ctx.clock() - createdAt.getTime() < SAME_ANSWER) {
    await openSubscription(ctx, subscription);
    return settleSubscription(ctx, _id);
  }
  if (await findOpened(ctx, subscription)) return settleSubscription(ctx, _id);
  const message = 'The payment provider never heard of it.';
  await endUnopened(ctx, subscription, { code: 'NOT_OPENED', message });
}

/** Ends a subscription that was never opened, at its user's wish. Returns the session, where Stripe has one. */
export async function cancelUnopened(
  ctx: Ctx,
  subscription: SubscriptionDoc,
): Promise<string | undefined> {
  const opened = await findOpened(ctx, subscription);
  if (!opened) await endUnopened(ctx, subscription);
  return opened;
}

/** The session that was made for it, which is noted. */
async function findOpened(ctx: Ctx, subscription: SubscriptionDoc): Promise<string | undefined> {
  const customer = await findKnown(ctx, subscription.user);
  const session = customer && (await searchSessions(describeSought(subscription, customer)));
  if (!session) return undefined;
  await noteCheckout(ctx, subscription, session.id);
  return session.id;
}
