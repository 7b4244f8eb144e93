import type { Ctx } from '../../../context.ts';
import { hasCome } from '../../../data/database-time.ts';
import type { TypedFilter } from '../../../data/filter.ts';
import { idText } from '../../../data/ids.ts';
import { findMany, WHOLE } from '../../../data/read.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { inTurn, lookAtEach } from '../look-at-each.ts';
import { lookUpSubscription } from './look-up.ts';
import { settleSubscription } from './settle.ts';

const HOUR = 3600_000;
/** The request that opens one has ended by then, one way or another, in ms. */
const OPENED = 60_000;
/** Stripe's sessions end by themselves before that, in ms. */
const PAID = 26 * HOUR;
/** Stripe renews within an hour or two; by then it is asked whether nothing was told, in ms. */
const RENEWED = 24 * HOUR;
/** Of each kind in a run. */
const MOST = 200;

/**
 * Does what time brings: looks up what was opened with an unknown outcome, or never paid; ends a grace; asks
 * about a period that is over, and of which nothing was told. @returns how many were looked at
 */
export async function tendSubscriptions(ctx: Ctx, timeLeft: () => number): Promise<number> {
  const [unopened, unpaid] = [
    { status: 'PENDING', checkoutId: { $exists: false }, ...hasCome(ctx, 'createdAt', OPENED) },
    { status: 'PENDING', checkoutId: { $exists: true }, ...hasCome(ctx, 'createdAt', PAID) },
  ];
  const past = { status: 'PAST_DUE', isEntitled: true, ...hasCome(ctx, 'graceUntil') };
  const silent = { status: 'ACTIVE', ...hasCome(ctx, 'periodEnd', RENEWED) };
  const due = await Promise.all([
    findDue(ctx, unopened, 'createdAt'),
    findDue(ctx, unpaid, 'createdAt'),
    findDue(ctx, past, 'graceUntil'),
    findDue(ctx, silent, 'periodEnd'),
  ]);
  return lookAtEach(ctx, Subscription, inTurn(due), timeLeft, {
    look: (subscription) => lookAt(ctx, subscription),
    fail: ({ _id }, error) => {
      const about = { subscription: idText(_id), error };
      ctx.log.error('A subscription could not be looked up.', about);
    },
  });
}

function findDue(ctx: Ctx, filter: TypedFilter, path: string): Promise<SubscriptionDoc[]> {
  const sort = { lookedUpAt: 1, [path]: 1 } as const;
  return findMany(ctx, Subscription, filter, { ...WHOLE, sort, limit: MOST });
}

async function lookAt(ctx: Ctx, subscription: SubscriptionDoc): Promise<void> {
  const { _id, checkoutId, providerId } = subscription;
  if (checkoutId || providerId) await settleSubscription(ctx, _id);
  else await lookUpSubscription(ctx, subscription);
}
