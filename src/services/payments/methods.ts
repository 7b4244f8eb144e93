import type Stripe from 'stripe';
import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { PaymentCustomer } from '../../models/billing/payment-customer.ts';
import { PaymentMethod, type PaymentMethodDoc } from '../../models/billing/payment-method.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { callForCustomer } from './customer.ts';
import { callOrMiss, callStripe } from './stripe.ts';

/** Begins to save a method: the client finishes it with Stripe's own library, and no number comes here. */
export async function setUpMethod(ctx: Ctx, user: UUID): Promise<{ clientSecret: string }> {
  const how = { usage: 'off_session', automatic_payment_methods: { enabled: true } } as const;
  const intent = await callForCustomer(ctx, user, (customer) =>
    callStripe((stripe) => stripe.setupIntents.create({ customer, ...how })),
  );
  if (!intent.client_secret) throw new Error('Stripe made a SetupIntent without a secret.');
  return { clientSecret: intent.client_secret };
}

/**
 * Brings a saved method to what Stripe says of it: saved, replaced by its network, or detached. It looks
 * again after it has written, so that an answer which was overtaken does not bring a detached one back.
 */
export async function syncMethod(ctx: Ctx, providerId: string): Promise<void> {
  for (let looks = 0; looks < 3; looks++) {
    const found = await fetchMethod(providerId);
    if (!(await storeMethod(ctx, providerId, found))) return;
  }
}

/** Removes a saved method, at Stripe first. */
export async function detachMethod(ctx: Ctx, method: PaymentMethodDoc): Promise<void> {
  const { _id, providerId } = method;
  try {
    await callStripe((stripe) => stripe.paymentMethods.detach(providerId));
  } catch (error) {
    // It was detached before.
    if ((await fetchMethod(providerId))?.customer) throw error;
  }
  await removeAndSweep(ctx, PaymentMethod, { _id });
}

function fetchMethod(id: string): Promise<Stripe.PaymentMethod | undefined> {
  return callOrMiss((stripe) => stripe.paymentMethods.retrieve(id));
}

/** Returns whether anything was written. */
async function storeMethod(
  ctx: Ctx,
  providerId: string,
  found: Stripe.PaymentMethod | undefined,
): Promise<boolean> {
  const known = await findOne(ctx, PaymentMethod, { provider: 'STRIPE', providerId }, WHOLE);
  const owner = found?.customer && (await findOwner(ctx, found.customer));
  if (!found || !owner) {
    return known ? Boolean(await removeAndSweep(ctx, PaymentMethod, { _id: known._id })) : false;
  }
  const shown = describeMethod(found);
  if (!known) return insertOnce(ctx, { ...shown, user: owner, providerId });
  const differs = Object.entries(shown).some(
    ([k, v]) => (known as Record<string, unknown>)[k] !== v,
  );
  if (differs) await update(ctx, PaymentMethod, { _id: known._id }, { set: shown }, 'sync');
  return differs;
}

async function insertOnce(ctx: Ctx, values: Record<string, unknown>): Promise<boolean> {
  try {
    await insert(ctx, PaymentMethod, values);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
  }
  return true;
}

async function findOwner(ctx: Ctx, customer: string | { id: string }): Promise<UUID | undefined> {
  const providerId = typeof customer === 'string' ? customer : customer.id;
  return (await findOne(ctx, PaymentCustomer, { provider: 'STRIPE', providerId }))?.user;
}

function describeMethod({ type, card }: Stripe.PaymentMethod): Record<string, unknown> {
  if (!card) return { type };
  const { brand, last4, exp_month: expMonth, exp_year: expYear } = card;
  return { type, brand, last4, expMonth, expYear };
}
