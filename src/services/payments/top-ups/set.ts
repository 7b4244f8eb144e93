import type { Ctx } from '../../../context.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { insert, update } from '../../../data/write.ts';
import { AppError } from '../../../errors.ts';
import { TopUp, type TopUpDoc } from '../../../models/billing/top-up.ts';
import { checkMethod } from '../buy.ts';
import { findPrice } from '../packages.ts';
import { findMethod, NO_METHOD } from './find-method.ts';

/** What is to be bought when credits run low. */
export interface NewTopUp {
  user: UUID;
  package: string;
  currency?: string;
  threshold: number;
  mostPerDay?: number;
  paymentMethod?: UUID;
}

/**
 * Sets it, in place of what was set before. One that was paused, or taken away, goes on, and what was bought today
 * still counts.
 * @throws AppError VALIDATION_FAILED
 */
export async function setTopUp(ctx: Ctx, wanted: NewTopUp): Promise<TopUpDoc> {
  const { user, threshold, mostPerDay = 3, paymentMethod } = wanted;
  const { currency } = findPrice(wanted.package, wanted.currency);
  if (paymentMethod) await checkMethod(ctx, user, paymentMethod);
  const set = {
    ...{ package: wanted.package, currency, threshold, mostPerDay, status: 'ACTIVE' },
    ...(paymentMethod && { paymentMethod }),
  };
  const unset = ['error', ...(paymentMethod ? [] : ['paymentMethod'])];
  const changed = await update(ctx, TopUp, { user }, { set, unset });
  if (changed) return changed;
  try {
    return await insert(ctx, TopUp, { user, ...set });
  } catch (error) {
    // Two at once.
    if (!(error instanceof AppError) || error.code !== 'DUPLICATE') throw error;
    return (await findOne(ctx, TopUp, { user })) as TopUpDoc;
  }
}

/**
 * Finds the top-up of a user; none where it was taken away. One whose chosen method is gone buys nothing any more,
 * and says so before its next run notes that.
 */
export async function findTopUp(ctx: Ctx, user: UUID): Promise<TopUpDoc | null> {
  const found = await findOne(ctx, TopUp, { user, ...IS_SET });
  const isLost =
    found?.status === 'ACTIVE' && found.paymentMethod && !(await findMethod(ctx, found));
  return found && isLost ? { ...found, status: 'PAUSED', error: NO_METHOD } : found;
}

/** Takes it away, if there is one. What it bought today is kept: set again, it buys no more in a day than before. */
export async function endTopUp(ctx: Ctx, user: UUID): Promise<void> {
  const change = { set: { status: 'OFF' }, unset: ['error', 'paymentMethod'] };
  await update(ctx, TopUp, { user, ...IS_SET }, change, 'end');
}

const IS_SET = { status: { $ne: 'OFF' } };
