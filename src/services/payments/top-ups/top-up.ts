import type { Ctx } from '../../../context.ts';
import { newId, type UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { update } from '../../../data/write.ts';
import { User } from '../../../models/account/user.ts';
import { Payment, type PaymentDoc } from '../../../models/billing/payment.ts';
import { TopUp, type TopUpDoc } from '../../../models/billing/top-up.ts';
import { findAccount } from '../../billing/accounts.ts';
import { buyCredits } from '../buy.ts';
import { findMethod, NO_METHOD } from './find-method.ts';

const DAY = 24 * 3600_000;

/**
 * Buys once for an account that has run low, unless what it bought before is not paid yet, or it has bought as
 * often as it may today. The id of the payment is noted before that is made: after a crash, the next run makes
 * the same one, and no second. What the bank refuses pauses it; nothing is bought for an account that is
 * switched off. @returns whether something was bought
 */
export async function topUp(ctx: Ctx, known: TopUpDoc): Promise<boolean> {
  const who = { _id: known.user, isActive: false };
  if (await findOne(ctx, User, who, { projection: { _id: 1 } })) return false;
  const last = known.payment && (await findOne(ctx, Payment, { _id: known.payment }));
  if (last?.status === 'FAILED') return pause(ctx, known, last.error ?? NOT_PAID);
  if (last?.status === 'REFUNDED') return pause(ctx, known, last.error ?? GIVEN_BACK);
  if (last?.status === 'PENDING') return false;
  const method = await findMethod(ctx, known);
  if (!method) return pause(ctx, known, NO_METHOD);
  const isUnmade = known.payment !== undefined && known.payment !== null && !last;
  const _id = isUnmade ? (known.payment as UUID) : await claim(ctx, known);
  if (!_id) return false;
  const { user, package: name, currency } = known;
  const { payment } = await buyCredits(ctx, {
    _id,
    user,
    package: name,
    currency,
    paymentMethod: method,
  });
  if (payment.status === 'COMPLETED') return true;
  await judge(ctx, known, payment);
  return false;
}

const GIVEN_BACK = { code: 'REFUNDED', message: 'The payment was given back.' };
const NOT_PAID = { code: 'NOT_PAID', message: 'The payment failed.' };

/** Counts a purchase of today, and chooses the id of its payment; undefined where there were as many as may be. */
async function claim(ctx: Ctx, known: TopUpDoc): Promise<UUID | undefined> {
  const now = ctx.clock();
  const today = new Date(now - (now % DAY));
  const before = known.day?.getTime() === today.getTime() ? known.purchases : 0;
  if (before >= known.mostPerDay) return undefined;
  // The credits of its last payment may have come since they were counted.
  const account = await findAccount(ctx, known.user);
  if ((account?.available ?? 0) >= known.threshold) return undefined;
  const payment = newId(now);
  const set = { payment, day: today, purchases: before + 1 };
  // Of two runs at once one finds the version that it has read.
  const same = { _id: known._id, version: known.version, status: 'ACTIVE' };
  const claimed = await update(ctx, TopUp, same, { set, unset: ['error'] }, 'top-up');
  return claimed ? payment : undefined;
}

/** A card that was refused would be refused each minute. One whose bank asks waits for its holder. */
async function judge(ctx: Ctx, known: TopUpDoc, payment: PaymentDoc): Promise<void> {
  const { status, error } = payment;
  if (status === 'PENDING' && !error) return; // a debit, which takes days
  if (error?.code === 'AUTHENTICATION_REQUIRED') {
    await update(ctx, TopUp, { _id: known._id }, { set: { error } }, 'wait');
    return;
  }
  await pause(ctx, known, error ?? NOT_PAID);
}

async function pause(
  ctx: Ctx,
  { _id }: TopUpDoc,
  error: { code: string; message: string },
): Promise<false> {
  // Once it is set again, it begins with a payment of its own.
  const change = { set: { status: 'PAUSED', error }, unset: ['payment'] };
  await update(ctx, TopUp, { _id, status: 'ACTIVE' }, change, 'pause');
  return false;
}
