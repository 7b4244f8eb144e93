import type Stripe from 'stripe';
import type { Ctx } from '../../../context.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { AppError } from '../../../errors.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { Checkout } from '../open-checkout.ts';
import { callOrRefuse } from '../stripe.ts';
import { changeInTurn } from './change-in-turn.ts';
import { endNow } from './end-now.ts';
import { fetchPaidInvoices } from './facts.ts';
import { cancelUnopened } from './look-up.ts';
import { findOpenInvoice } from './open-invoices.ts';
import { findPaidPeriod } from './periods.ts';
import { findOffer, findPlanItem } from './plans.ts';
import { readInterval, readPlan, readWaiting, setPlan } from './set-plan.ts';
import { settleSubscription } from './settle.ts';

type Named = Pick<SubscriptionDoc, '_id'>;
type Opened = SubscriptionDoc & { providerId: string };

/**
 * Changes the plan. A dearer one counts as soon as Stripe has charged the difference for what is left of the
 * period; where its bank asks, or the card is refused, the answer says where to pay. A cheaper one counts from
 * the next period on. Stripe begins a new period at once where the interval changes, and charges it: so only a
 * dearer plan can have another one. What was asked for before is found as it is, so that asking twice charges
 * once; who goes back to the plan that is paid keeps its price.
 * @throws AppError VALIDATION_FAILED, INVALID_STATE, UNAVAILABLE
 */
export async function changePlan(
  ctx: Ctx,
  named: Named,
  name: string,
): Promise<{ subscription: SubscriptionDoc; checkout: Checkout }> {
  const known = await needOpen(ctx, named);
  if (name !== known.plan) findOffer(name, known.currency); // the plan that it has may be sold no more
  if (known.status !== 'ACTIVE') throw refuse(known, 'pay what is open first');
  const checkout = await changeInTurn(ctx, known, () => changeTo(ctx, known, name));
  return { subscription: await reload(ctx, known), checkout };
}

async function changeTo(ctx: Ctx, known: Opened, name: string): Promise<Checkout> {
  const { _id, providerId } = known;
  const found = await callOrRefuse((stripe) => stripe.subscriptions.retrieve(providerId));
  if (found.pending_update) {
    if (readWaiting(found) !== name) throw refuse(known, WAITING);
    return showInvoice(providerId);
  }
  if (readPlan(found) !== name) await changePrice(ctx, known, found, name);
  await settleSubscription(ctx, _id);
  const after = await callOrRefuse((stripe) => stripe.subscriptions.retrieve(providerId));
  return after.pending_update ? showInvoice(providerId) : {};
}

/** Has it end with its period, or at once where nothing of that is paid; or go on after all. */
export async function setCancellation(
  ctx: Ctx,
  named: Named,
  isWanted: boolean,
): Promise<SubscriptionDoc> {
  const known = await findWhole(ctx, named);
  const { providerId, status } = known;
  if (status === 'CANCELLED') throw refuse(known, 'it has ended');
  if (!isWanted && status !== 'ACTIVE') throw refuse(known, 'nothing ends with its period');
  if (!providerId) {
    const checkoutId = known.checkoutId ?? (await cancelUnopened(ctx, known));
    if (!checkoutId) return reload(ctx, known);
    await callOrRefuse((stripe) => stripe.checkout.sessions.expire(checkoutId));
  } else if (isWanted && status === 'PAST_DUE') {
    await endNow(providerId);
  } else {
    const change = { cancel_at_period_end: isWanted };
    await callOrRefuse((stripe) => stripe.subscriptions.update(providerId, change));
  }
  await settleSubscription(ctx, known._id);
  return reload(ctx, known);
}

/** What was paid is Stripe's to say: an event of it may still be on its way, and our prices may be others today. */
async function changePrice(
  ctx: Ctx,
  known: Opened,
  found: Stripe.Subscription,
  name: string,
): Promise<void> {
  const { currency } = known;
  const paid = findPaidPeriod(await fetchPaidInvoices(found.id));
  const interval = readInterval(found); // a smaller plan that is to come has the same
  const { current_period_end: end = 0 } = findPlanItem(found.items.data) ?? {};
  // Stripe charges a period an hour after it has begun: until then it is not known what a change begins from.
  if (paid && 1000 * end > paid.end.getTime()) throw refuse(known, NOT_YET);
  const { plan, amount = 0, credits = 0 } = paid ?? {};
  if (plan === name) {
    await setPlan(ctx, known, found, { plan, amount, credits, currency, interval }, 'none');
    return;
  }
  const offer = findOffer(name, currency);
  if (amount >= offer.amount) {
    if (interval !== offer.interval) throw refuse(known, OTHER_INTERVAL);
    await setPlan(ctx, known, found, offer, 'none');
  } else {
    // Stripe would charge the difference from the plan that is to come, for which nothing was paid.
    if (plan && plan !== readPlan(found)) throw refuse(known, `${TO_COME}: choose ${plan} first`);
    await setPlan(ctx, known, found, offer, 'always_invoice');
  }
}

const NOT_YET = 'its new period is still to be charged, which takes about an hour; ask again then';

const TO_COME = 'a smaller plan is to come with the next period, and is to be undone before';

const WAITING =
  'a change to another plan waits to be paid; pay for it, or wait until it has ended by itself, within a day';

const OTHER_INTERVAL =
  'a plan of another interval that costs no more would be charged at once; cancel it at the end of its period, then subscribe to that one';

async function showInvoice(providerId: string): Promise<Checkout> {
  const url = await findOpenInvoice(providerId);
  return url ? { url } : {};
}

async function needOpen(ctx: Ctx, named: Named): Promise<Opened> {
  const known = await findWhole(ctx, named);
  const { providerId } = known;
  if (!providerId) throw refuse(known, 'pay for it first');
  return { ...known, providerId };
}

async function findWhole(ctx: Ctx, { _id }: Named): Promise<SubscriptionDoc> {
  return (await findOne(ctx, Subscription, { _id }, WHOLE)) as SubscriptionDoc; // it is never deleted
}

async function reload(ctx: Ctx, { _id }: Named): Promise<SubscriptionDoc> {
  return (await findOne(ctx, Subscription, { _id })) as SubscriptionDoc;
}

function refuse({ status }: SubscriptionDoc, why: string): AppError {
  return new AppError('INVALID_STATE', `The subscription is ${status}: ${why}.`);
}
