import type Stripe from 'stripe';
import type { Ctx } from '../../../context.ts';
import { idText, newId } from '../../../data/ids.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { makeOnce } from '../make-once.ts';
import { readId } from '../read-id.ts';
import { callOrRefuse } from '../stripe.ts';
import { describePrice, findPlanItem, type PlanPrice, readProduct } from './plans.ts';

/**
 * Has Stripe charge another price, once: its difference at once, whatever is paid later, or from the next
 * period on.
 * @throws AppError INVALID_STATE, UNAVAILABLE
 */
export async function setPlan(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
  found: Stripe.Subscription,
  price: PlanPrice,
  proration_behavior: 'always_invoice' | 'none',
): Promise<Stripe.Subscription> {
  const { id, items } = found;
  const item = {
    id: findPlanItem(items.data)?.id as string,
    price_data: await describePrice(price),
  };
  const how =
    proration_behavior === 'none'
      ? { proration_behavior }
      : { proration_behavior, payment_behavior: 'pending_if_incomplete' as const };
  // What was refused may be asked for again; a request that is sent again under its Idempotency-Key is the same.
  const request = ctx.requestKey ?? idText(newId(ctx.clock()));
  const place = { entity: Subscription, _id };
  return makeOnce(ctx, place, {
    name: `plan-${price.plan}-${idText(_id)}-${request}`,
    create: (idempotencyKey) =>
      callOrRefuse((stripe) =>
        stripe.subscriptions.update(id, { items: [item], ...how }, { idempotencyKey }),
      ),
    find: async () => {
      const now = await callOrRefuse((stripe) => stripe.subscriptions.retrieve(id));
      return [readPlan(now), readWaiting(now)].includes(price.plan) ? now : undefined;
    },
  });
}

/** The plan that it goes on with. */
export function readPlan({ items }: Stripe.Subscription): string {
  return readPlanOf(items.data) ?? '';
}

/** The plan that waits to be paid. */
export function readWaiting({ pending_update }: Stripe.Subscription): string | undefined {
  return readPlanOf(pending_update?.subscription_items ?? []);
}

function readPlanOf(items: Stripe.SubscriptionItem[]): string | undefined {
  const product = readId(findPlanItem(items)?.price.product);
  return product && readProduct(product)?.plan;
}

export function readInterval({ items }: Stripe.Subscription): PlanPrice['interval'] {
  return findPlanItem(items.data)?.price.recurring?.interval === 'year' ? 'year' : 'month';
}
