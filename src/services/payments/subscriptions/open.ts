import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import { update } from '../../../data/write.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { describePage } from '../checkout-page.ts';
import { toStripeAmount } from '../currency.ts';
import { findCustomer } from '../customer.ts';
import type { Checkout } from '../open-checkout.ts';
import { callStripe, StripeRefusal } from '../stripe.ts';
import { ensureProduct, findOffer } from './plans.ts';

/**
 * Opens the page at which a subscription is paid for the first time. Asked again for the same one, Stripe
 * answers the same: its key is the id of the subscription. One that Stripe refuses has ended.
 * @throws AppError UNAVAILABLE where the outcome is unknown
 */
export async function openSubscription(
  ctx: Ctx,
  subscription: SubscriptionDoc,
): Promise<Checkout | undefined> {
  const { _id } = subscription;
  try {
    const { id, url } = await createSession(ctx, subscription);
    const isNew = { _id, checkoutId: { $exists: false } };
    await update(ctx, Subscription, isNew, { set: { checkoutId: id } }, 'open');
    return url ? { url } : {};
  } catch (error) {
    if (!(error instanceof StripeRefusal)) throw error;
    ctx.log.warn('Stripe refused a subscription.', { error });
    await endUnopened(ctx, subscription, { code: 'REFUSED', message: error.message });
    return undefined;
  }
}

/** Ends a subscription that Stripe does not have. */
export async function endUnopened(
  ctx: Ctx,
  { _id }: SubscriptionDoc,
  error: { code: string; message: string },
): Promise<void> {
  const set = { status: 'CANCELLED', error, endedAt: new Date(ctx.clock()) };
  const pending = { _id, status: 'PENDING', providerId: { $exists: false } };
  await update(ctx, Subscription, pending, { set, unset: ['isOpen'] }, 'fail');
}

async function createSession(ctx: Ctx, subscription: SubscriptionDoc) {
  const { plan, currency, amount } = findOffer(subscription.plan, subscription.currency);
  const customer = await findCustomer(ctx, subscription.user);
  const product = await ensureProduct(plan);
  const id = idText(subscription._id);
  const metadata = { subscription: id };
  return callStripe((stripe) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        ...describePage(customer, { folder: 'subscriptions', id }),
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency: currency.toLowerCase(),
              unit_amount: toStripeAmount(amount, currency),
              product,
              recurring: { interval: plan.interval === 'YEAR' ? 'year' : 'month' },
            },
          },
        ],
        metadata,
        // Its invoices carry these.
        subscription_data: { metadata },
      },
      { idempotencyKey: `subscription-${id}` },
    ),
  );
}
