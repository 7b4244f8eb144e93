import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { insert, update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { PaymentCustomer, type PaymentCustomerDoc } from '../../models/billing/payment-customer.ts';
import { makeOnce } from './make-once.ts';
import { callStripe, isMissing, StripeRefusal } from './stripe.ts';

/**
 * Calls Stripe for a user, who is made a customer there at the first call. One who was deleted at Stripe is
 * made anew.
 */
export async function callForCustomer<T>(
  ctx: Ctx,
  user: UUID,
  call: (customer: string) => Promise<T>,
): Promise<T> {
  const customer = await findCustomer(ctx, user);
  try {
    return await call(customer);
  } catch (error) {
    if (!isCustomerMissing(error)) throw error;
    await forgetCustomer(ctx, user, customer);
    return call(await findCustomer(ctx, user));
  }
}

/** The id of a user who is a customer at Stripe already. */
export async function findKnown(ctx: Ctx, user: UUID): Promise<string | undefined> {
  const options = { projection: { providerId: 1 } };
  const known = await findOne(ctx, PaymentCustomer, { user, provider: 'STRIPE' }, options);
  return known?.providerId ?? undefined;
}

/** Forgets a customer who was deleted at Stripe. */
export async function forgetCustomer(ctx: Ctx, user: UUID, providerId: string): Promise<void> {
  await spendKey(ctx, { user, provider: 'STRIPE', providerId });
}

/** By the same key Stripe would answer with the same customer again. */
async function spendKey(ctx: Ctx, same: TypedFilter): Promise<void> {
  const known = await findOne(ctx, PaymentCustomer, same, WHOLE);
  if (!known) return;
  const { _id, version, spentKeys } = known;
  const change = { set: { spentKeys: (spentKeys ?? 0) + 1 }, unset: ['providerId'] };
  await update(ctx, PaymentCustomer, { _id, version }, change, 'forget');
}

async function findCustomer(ctx: Ctx, user: UUID): Promise<string> {
  const known = await findKnown(ctx, user);
  if (known) return known;
  const { _id } = await openRecord(ctx, user);
  const id = await createCustomer(ctx, user, _id);
  if (!(await tellEmail(ctx, user, id))) {
    await spendKey(ctx, { _id });
    return findCustomer(ctx, user);
  }
  const isNew = { _id, providerId: { $exists: false } };
  await update(ctx, PaymentCustomer, isNew, { set: { providerId: id } }, 'open');
  return (await findKnown(ctx, user)) ?? id;
}

/**
 * An address may change from one call to the next, so it is no part of the one that has a key. Returns false for
 * a customer who was deleted at Stripe before it was known here.
 */
async function tellEmail(ctx: Ctx, user: UUID, id: string): Promise<boolean> {
  const account = await findOne(ctx, User, { _id: user }, { projection: { email: 1 } });
  const email = account?.email;
  try {
    if (email) await callStripe((stripe) => stripe.customers.update(id, { email }));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Stored before Stripe hears of it, as payments are. */
async function openRecord(ctx: Ctx, user: UUID): Promise<PaymentCustomerDoc> {
  const same = { user, provider: 'STRIPE' };
  const known = await findOne(ctx, PaymentCustomer, same, WHOLE);
  if (known) return known;
  try {
    return await insert({ ...ctx, promisedId: undefined }, PaymentCustomer, { user });
  } catch (error) {
    // Another call was first.
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
    return (await findOne(ctx, PaymentCustomer, same, WHOLE)) as PaymentCustomerDoc;
  }
}

function createCustomer(ctx: Ctx, user: UUID, _id: UUID): Promise<string> {
  const metadata = { user: idText(user) };
  return makeOnce(
    ctx,
    { entity: PaymentCustomer, _id },
    {
      name: `customer-${idText(user)}`,
      create: async (idempotencyKey) => {
        const create = { metadata };
        const made = await callStripe((s) => s.customers.create(create, { idempotencyKey }));
        return made.id;
      },
      find: () => searchCustomer(metadata),
    },
  );
}

/** The first of those that bear our mark. Stripe finds a new one within a minute. */
async function searchCustomer(metadata: { user: string }): Promise<string | undefined> {
  const query = `metadata['user']:'${metadata.user}'`;
  const found = await callStripe((stripe) => stripe.customers.search({ query, limit: 100 }));
  return found.data.at(-1)?.id;
}

function isCustomerMissing(error: unknown): boolean {
  return isMissing(error) && error instanceof StripeRefusal && error.param === 'customer';
}
