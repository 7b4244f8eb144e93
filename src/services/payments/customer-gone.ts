import type { Ctx } from '../../context.ts';
import { findMany, findOne } from '../../data/read.ts';
import { PaymentCustomer } from '../../models/billing/payment-customer.ts';
import { PaymentMethod } from '../../models/billing/payment-method.ts';
import { forgetCustomer } from './customer.ts';
import { syncMethod } from './methods.ts';
import { callStripe, isMissing } from './stripe.ts';

/** More than anybody has saved. */
const MOST_METHODS = 1000;

/** Follows what Stripe says of a customer: of one who is deleted there, the saved methods are gone, too. */
export async function syncCustomer(ctx: Ctx, providerId: string): Promise<void> {
  if (!(await isDeleted(providerId))) return;
  const same = { provider: 'STRIPE', providerId };
  const known = await findOne(ctx, PaymentCustomer, same, { projection: { user: 1 } });
  if (!known?.user) return;
  const { user } = known;
  await forgetCustomer(ctx, user, providerId);
  const options = { projection: { providerId: 1 }, limit: MOST_METHODS };
  for (const method of await findMany(ctx, PaymentMethod, { user }, options)) {
    await syncMethod(ctx, method.providerId);
  }
}

async function isDeleted(providerId: string): Promise<boolean> {
  try {
    const found = await callStripe((stripe) => stripe.customers.retrieve(providerId));
    return found.deleted === true;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}
