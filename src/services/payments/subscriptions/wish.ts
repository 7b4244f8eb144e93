import type Stripe from 'stripe';
import type { Ctx } from '../../../context.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import { fromStripeAmount } from '../currency.ts';
import { readId } from '../read-id.ts';
import { callStripe } from '../stripe.ts';
import { fetchPaidInvoices } from './facts.ts';
import { findPaidPeriod } from './periods.ts';
import { findPlanItem, readProduct } from './plans.ts';
import { readInterval, readPlan, setPlan } from './set-plan.ts';

// A smaller plan that is to come is undone at Stripe while a dearer one is charged. Where that is not paid for in the
// end, it comes after all: so it is stored before it is undone.

/** A request for a dearer plan has ended by then, in ms. */
export const ASKED = 2 * 60_000;

type Known = Pick<SubscriptionDoc, '_id'>;

/** Keeps what is to come, of a subscription that goes on from the plan `from`; or, without it, what was kept before. */
export async function keepWish(
  ctx: Ctx,
  { _id }: Known,
  undone: { found: Stripe.Subscription; from: string } | undefined,
): Promise<void> {
  const at = new Date(ctx.clock());
  if (!undone) {
    // Whoever restores it waits for this request, too.
    await update(
      ctx,
      Subscription,
      { _id, wish: { $exists: true } },
      { set: { 'wish.at': at } },
      null,
    );
    return;
  }
  const { price } = findPlanItem(undone.found.items.data) ?? {};
  const sold = readProduct(readId(price?.product) ?? '');
  if (!sold || !price) return; // another product than ours: nothing that we could bring back
  const amount = fromStripeAmount(price.unit_amount ?? 0, price.currency);
  const wish = { ...sold, amount, from: undone.from, at };
  await update(ctx, Subscription, { _id }, { set: { wish } }, 'wish');
}

/** Forgets what was to come, as it was read: its user wishes something else, or has it. A newer wish stays. */
export async function forgetWish(
  ctx: Ctx,
  { _id, wish }: Pick<SubscriptionDoc, '_id' | 'wish'>,
): Promise<void> {
  if (!wish) return;
  await update(ctx, Subscription, { _id, 'wish.at': wish.at }, { unset: ['wish'] }, 'wish');
}

/** Has a smaller plan come after all, if the dearer one for which it was undone is neither paid nor waits for that. */
export async function restoreWish(ctx: Ctx, { _id }: Known): Promise<void> {
  const known = await findOne(ctx, Subscription, { _id }, WHOLE);
  const { wish, providerId, currency, version } = known ?? {};
  if (!known || !wish || !providerId || !currency) return;
  if (ctx.clock() - wish.at.getTime() < ASKED) return;
  const found = await callStripe((stripe) => stripe.subscriptions.retrieve(providerId));
  if (found.pending_update) return;
  const paid = findPaidPeriod(await fetchPaidInvoices(providerId));
  const isLeft = paid?.plan === wish.from && readPlan(found) === wish.from;
  if (isLeft && found.status !== 'canceled') {
    // Of two at once, and of a request that begins anew meanwhile, one finds the version that it has read.
    const at = new Date(ctx.clock());
    if (!(await update(ctx, Subscription, { _id, version }, { set: { 'wish.at': at } }, null)))
      return;
    wish.at = at;
    const { plan, amount, credits } = wish;
    const price = { plan, amount, credits, currency, interval: readInterval(found) };
    await setPlan(ctx, known, found, price, 'none');
  }
  await forgetWish(ctx, { _id, wish });
}
