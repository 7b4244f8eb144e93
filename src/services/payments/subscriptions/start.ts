import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne, WHOLE } from '../../../data/read.ts';
import { insert } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';
import type { Checkout } from '../open-checkout.ts';
import { callOrRefuse } from '../stripe.ts';
import { lookUpSubscription } from './look-up.ts';
import { openSubscription } from './open.ts';
import { findOpenInvoice } from './open-invoices.ts';
import { findOffer } from './plans.ts';

/** What somebody wants to subscribe to. */
export interface NewSubscription {
  user: UUID;
  plan: string;
  currency?: string;
}

/**
 * Begins a subscription. It is stored before Stripe hears of it, as payments are.
 * @throws AppError VALIDATION_FAILED, INVALID_STATE where one is open already, UNAVAILABLE
 */
export async function startSubscription(
  ctx: Ctx,
  { user, plan: name, currency: asked }: NewSubscription,
): Promise<{ subscription: SubscriptionDoc; checkout: Checkout }> {
  const { plan, currency } = findOffer(name, asked);
  const open = await findOne(ctx, Subscription, { user, isOpen: true }, WHOLE);
  // The same request once more finds what it has made.
  if (open && !(ctx.promisedId && open._id.equals(ctx.promisedId))) throw refuseSecond(open);
  const values = { user, plan, currency, isOpen: true };
  const stored = open ?? (await insertOne(ctx, values));
  const checkout = await openSubscription(ctx, stored);
  const subscription = await findOne(ctx, Subscription, { _id: stored._id });
  return { subscription: subscription as SubscriptionDoc, checkout: checkout ?? {} };
}

/** Where the client goes on: to the page of a new one, or of an invoice that is open. @throws AppError INVALID_STATE */
export async function findSubscriptionCheckout(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
): Promise<Checkout> {
  const subscription = await findOpened(ctx, _id);
  const url = subscription && (await findUrl(subscription));
  if (url) return { url };
  const status = subscription?.status;
  throw new AppError('INVALID_STATE', `The subscription is ${status}: nothing is to be paid.`);
}

async function findUrl({ status, providerId, checkoutId }: SubscriptionDoc) {
  if (status === 'CANCELLED') return undefined; // nothing is had for what is still open of it
  if (providerId) return findOpenInvoice(providerId);
  if (status !== 'PENDING' || !checkoutId) return undefined;
  return (await callOrRefuse((stripe) => stripe.checkout.sessions.retrieve(checkoutId))).url;
}

/** One whose opening nobody heard of is looked up, and opened if it was not. */
async function findOpened(ctx: Ctx, _id: UUID): Promise<SubscriptionDoc | null> {
  const found = await findOne(ctx, Subscription, { _id }, WHOLE);
  if (found?.status !== 'PENDING' || found.checkoutId || found.providerId) return found;
  await lookUpSubscription(ctx, found);
  return findOne(ctx, Subscription, { _id }, WHOLE);
}

async function insertOne(ctx: Ctx, values: Record<string, unknown>): Promise<SubscriptionDoc> {
  try {
    return await insert(ctx, Subscription, values);
  } catch (error) {
    // Two at once.
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
    throw refuseSecond({ status: 'PENDING' });
  }
}

function refuseSecond({ status }: Pick<SubscriptionDoc, 'status'>): AppError {
  return new AppError(
    'INVALID_STATE',
    `There is a subscription already, which is ${status}: pay for it, change its plan, or cancel it.`,
  );
}
