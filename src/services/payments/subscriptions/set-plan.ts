import type Stripe from 'stripe';
import type { Ctx } from '../../../context.ts';
import { idText, newId } from '../../../data/ids.ts';
import type { SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { readId } from '../read-id.ts';
import { callOrRefuse } from '../stripe.ts';
import { describePrice, type PlanPrice, readProduct } from './plans.ts';

/**
 * Has Stripe charge another price: its difference at once, whatever is paid later, or from the next period on.
 * @throws AppError INVALID_STATE, UNAVAILABLE
 */
export async function setPlan(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
  { id, items }: Stripe.Subscription,
  price: PlanPrice,
  proration_behavior: 'always_invoice' | 'none',
): Promise<Stripe.Subscription> {
  const price_data = await describePrice(price);
  const item = { id: items.data[0]?.id as string, price_data };
  // The same for a request that is sent again under its Idempotency-Key.
  const key = `${idText(_id)}-${idText(ctx.promisedId ?? newId(ctx.clock()))}`;
  const how =
    proration_behavior === 'none'
      ? { proration_behavior }
      : { proration_behavior, payment_behavior: 'pending_if_incomplete' as const };
  return callOrRefuse((stripe) =>
    stripe.subscriptions.update(
      id,
      { items: [item], ...how },
      { idempotencyKey: `plan-${price.plan}-${proration_behavior}-${key}` },
    ),
  );
}

/** The plan that it goes on with. */
export function readPlan({ items }: Pick<Stripe.Subscription, 'items'>): string {
  return readProduct(readId(items.data[0]?.price.product) ?? '');
}

export function readInterval({ items }: Stripe.Subscription): PlanPrice['interval'] {
  return items.data[0]?.price.recurring?.interval === 'year' ? 'year' : 'month';
}
