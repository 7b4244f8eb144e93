import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findMany, findOne } from '../../../data/read.ts';
import { PaymentMethod } from '../../../models/billing/payment-method.ts';
import type { TopUpDoc } from '../../../models/billing/top-up.ts';

/** Why a top-up is paused that has nothing to charge. */
export const NO_METHOD = {
  code: 'NO_PAYMENT_METHOD',
  message: 'There is no payment method to charge: save or choose one, and set the top-up again.',
};

/** The method that was chosen, and none if that is gone; where none was chosen, the default, or the newest. */
export async function findMethod(
  ctx: Ctx,
  { user, paymentMethod: chosen }: TopUpDoc,
): Promise<UUID | undefined> {
  const only = { projection: { _id: 1 } };
  if (chosen) return (await findOne(ctx, PaymentMethod, { _id: chosen, user }, only))?._id;
  const preferred = await findOne(ctx, PaymentMethod, { user, isDefault: true }, only);
  if (preferred) return preferred._id;
  const newest = { ...only, sort: { createdAt: -1, _id: -1 }, limit: 1 } as const;
  return (await findMany(ctx, PaymentMethod, { user }, newest))[0]?._id;
}
