import type { Ctx } from '../../../context.ts';
import { hasCome } from '../../../data/database-time.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { idText } from '../../../data/ids.ts';
import { findMany, WHOLE } from '../../../data/read.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { findKnown } from '../customer.ts';
import { callStripe } from '../stripe.ts';
import { noteCheckout } from './adopt.ts';
import { endUnopened, openSubscription } from './open.ts';
import { settleSubscription } from './settle.ts';

const HOUR = 3600_000;
/** The request that opens one has ended by then, one way or another, in ms. */
const OPENED = 60_000;
/** Stripe's sessions end by themselves before that, in ms. */
const PAID = 26 * HOUR;
/** For less than the 24 hours for which Stripe knows our key and answers the same, in ms. */
const SAME_ANSWER = 23 * HOUR;
/** Stripe renews within an hour or two; by then it is asked whether nothing was told, in ms. */
const RENEWED = 24 * HOUR;
const MOST = 200;

/**
 * Does what time brings: looks up what was opened with an unknown outcome, or never paid; ends a grace; asks
 * about a period that is over, and of which nothing was told. @returns how many were looked at
 */
export async function tendSubscriptions(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const pending = await findDue(
    ctx,
    { status: 'PENDING', ...hasCome(ctx, 'createdAt', OPENED) },
    'createdAt',
  );
  const past = { status: 'PAST_DUE', isEntitled: true, ...hasCome(ctx, 'graceUntil') };
  const silent = { status: 'ACTIVE', ...hasCome(ctx, 'periodEnd', RENEWED) };
  const due = [
    ...pending.filter((one) => !one.checkoutId || age(ctx, one) > PAID),
    ...(await findDue(ctx, past, 'graceUntil')),
    ...(await findDue(ctx, silent, 'periodEnd')),
  ];
  let looked = 0;
  for (const subscription of due) {
    if (timeLeft() < 20_000) break;
    try {
      await lookUp(ctx, subscription);
      looked++;
    } catch (error) {
      // It does not keep the others waiting.
      ctx.log.error('A subscription could not be looked up.', {
        subscription: idText(subscription._id),
        error: error as Error,
      });
    }
  }
  return looked;
}

function findDue(ctx: Ctx, filter: TypedFilter, path: string): Promise<SubscriptionDoc[]> {
  const sort = { [path]: 1 } as const;
  return findMany(ctx, Subscription, filter, { ...WHOLE, sort, limit: MOST });
}

/** As a payment's: asked for again by the same key, later searched for among those of its customer. */
async function lookUp(ctx: Ctx, subscription: SubscriptionDoc): Promise<void> {
  const { _id, checkoutId, providerId } = subscription;
  if (checkoutId || providerId) return settleSubscription(ctx, _id);
  if (age(ctx, subscription) < SAME_ANSWER) {
    await openSubscription(ctx, subscription);
    return settleSubscription(ctx, _id);
  }
  const session = await searchSessions(ctx, subscription);
  if (!session) {
    const message = 'The payment provider never heard of it.';
    return endUnopened(ctx, subscription, { code: 'NOT_OPENED', message });
  }
  await noteCheckout(ctx, subscription, session);
  await settleSubscription(ctx, _id);
}

async function searchSessions(
  ctx: Ctx,
  { _id, user, createdAt }: SubscriptionDoc,
): Promise<string | undefined> {
  const customer = await findKnown(ctx, user);
  if (!customer) return undefined;
  const created = { gte: Math.floor(createdAt.getTime() / 1000) - 60 };
  const found = await callStripe((stripe) =>
    stripe.checkout.sessions
      .list({ customer, created, limit: 100 })
      .autoPagingToArray({ limit: 1000 }),
  );
  return found.find(({ metadata }) => metadata?.subscription === idText(_id))?.id;
}

function age(ctx: Ctx, { createdAt }: SubscriptionDoc): number {
  return ctx.clock() - createdAt.getTime();
}
