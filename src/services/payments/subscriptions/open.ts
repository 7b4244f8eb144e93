import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { describePage } from '../checkout-page.ts';
import { callForCustomer } from '../customer.ts';
import { makeOnce } from '../make-once.ts';
import type { Checkout } from '../open-checkout.ts';
import { searchSessions } from '../search-lists.ts';
import { callStripe, describeRefusal, StripeRefusal } from '../stripe.ts';
import { noteCheckout } from './adopt.ts';
import { describePrice, findOffer } from './plans.ts';

/**
 * Opens the page at which a subscription is paid for the first time. Asked again for the same one, Stripe
 * answers the same: its key is the id of the subscription. One that Stripe refuses has ended.
 * @throws AppError UNAVAILABLE where the outcome is unknown
 */
export async function openSubscription(
  ctx: Ctx,
  subscription: SubscriptionDoc,
): Promise<Checkout | undefined> {
  try {
    const { id, url } = await createSession(ctx, subscription);
    await noteCheckout(ctx, subscription, id);
    if (await isCancelled(ctx, subscription)) {
      // Meanwhile: nobody is to pay for it.
      await callStripe((stripe) => stripe.checkout.sessions.expire(id));
      return undefined;
    }
    return url ? { url } : {};
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    ctx.log.warn('Stripe refused a subscription.', { error });
    await endUnopened(ctx, subscription, describeRefusal(error));
    return undefined;
  }
}

/** Ends a subscription that Stripe does not have, for a fault unless its user wishes it. */
export async function endUnopened(
  ctx: Ctx,
  { _id }: SubscriptionDoc,
  error?: { code: string; message: string },
): Promise<void> {
  const ended = { status: 'CANCELLED', endedAt: new Date(ctx.clock()) };
  const set = { ...ended, ...(error && { error }) };
  const pending = { _id, status: 'PENDING', providerId: { $exists: false } };
  await update(ctx, Subscription, pending, { set, unset: ['isOpen'] }, 'fail');
}

async function isCancelled(ctx: Ctx, { _id }: SubscriptionDoc): Promise<boolean> {
  const now = await findOne(ctx, Subscription, { _id }, { projection: { status: 1 } });
  return now?.status === 'CANCELLED';
}

async function createSession(ctx: Ctx, subscription: SubscriptionDoc) {
  const { _id, user, plan, currency } = subscription;
  const price_data = await describePrice(findOffer(plan, currency));
  const id = idText(_id);
  const metadata = { subscription: id };
  const what = {
    line_items: [{ quantity: 1, price_data }],
    metadata,
    // Its invoices carry these.
    subscription_data: { metadata },
  };
  const place = { entity: Subscription, _id };
  return callForCustomer(ctx, user, (customer) => {
    const page = describePage(customer, { folder: 'subscriptions', id });
    const params = { mode: 'subscription' as const, ...page, ...what };
    return makeOnce(ctx, place, {
      name: `subscription-${id}`,
      create: (idempotencyKey) =>
        callStripe((stripe) => stripe.checkout.sessions.create(params, { idempotencyKey })),
      find: () => searchSessions(describeSought(subscription, customer)),
    });
  });
}

/** What Stripe's list of sessions is searched for. */
export function describeSought({ _id, createdAt }: SubscriptionDoc, customer: string) {
  return { customer, since: createdAt, mark: { name: 'subscription' as const, id: idText(_id) } };
}
