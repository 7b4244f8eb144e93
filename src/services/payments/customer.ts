import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { insert } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { PaymentCustomer } from '../../models/billing/payment-customer.ts';
import { callStripe } from './stripe.ts';

/** The id of a user at Stripe, who is made a customer there at the first call. */
export async function findCustomer(ctx: Ctx, user: UUID): Promise<string> {
  const known = await findKnown(ctx, user);
  if (known) return known;
  const account = await findOne(ctx, User, { _id: user }, { projection: { email: 1 } });
  const name = idText(user);
  // The key gives two calls at once the same customer, and so does one that is sent again.
  const customer = await callStripe((stripe) =>
    stripe.customers.create(
      { ...(account?.email && { email: account.email }), metadata: { user: name } },
      { idempotencyKey: `customer-${name}` },
    ),
  );
  try {
    await insert({ ...ctx, promisedId: undefined }, PaymentCustomer, {
      user,
      providerId: customer.id,
    });
  } catch (error) {
    // Another call was first.
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
  }
  return (await findKnown(ctx, user)) ?? customer.id;
}

/** The id of a user who is a customer at Stripe already. */
export async function findKnown(ctx: Ctx, user: UUID): Promise<string | undefined> {
  const options = { projection: { providerId: 1 } };
  return (await findOne(ctx, PaymentCustomer, { user, provider: 'STRIPE' }, options))?.providerId;
}
