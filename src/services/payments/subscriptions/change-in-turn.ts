import type { Ctx } from '../../../context.ts';
import { databaseTime, isPastOrMissing } from '../../../data/database-time.ts';
import { idText, newId } from '../../../data/ids.ts';
import { AppError } from '../../../errors.ts';
import { Subscription, type SubscriptionDoc } from '../../../models/billing/subscription.ts';

/** A request has ended by then, and so has what it asked of Stripe, in ms. */
const LEASE = 60_000;

/**
 * Changes the plan of a subscription while nobody else does: what Stripe charges for a change depends on the plan
 * from which it begins, so two changes that have read the same one would be charged wrongly. After an unknown outcome
 * the same request may go on at once, and others when its time is over, since the call may still be done.
 * @throws AppError INVALID_STATE while another request changes it
 */
export async function changeInTurn<T>(
  ctx: Ctx,
  { _id }: Pick<SubscriptionDoc, '_id'>,
  change: () => Promise<T>,
): Promise<T> {
  const { collection } = Subscription;
  const by = ctx.requestKey ?? idText(newId(ctx.clock()));
  const isOwn = { $eq: ['$changing.by', by] };
  const changing = { by: { $literal: by }, until: databaseTime(ctx, LEASE) };
  // Nothing that anybody sees: there is no new version.
  const { matchedCount } = await collection.updateOne(
    { _id, $expr: { $or: [isOwn, isPastOrMissing(ctx, 'changing.until')] } },
    [{ $set: { changing } }],
  );
  if (matchedCount === 0) throw new AppError('INVALID_STATE', BUSY);
  let isKnown = true;
  try {
    return await change();
  } catch (error) {
    isKnown = error instanceof AppError && error.code !== 'UNAVAILABLE';
    throw error;
  } finally {
    if (isKnown)
      await collection.updateOne({ _id, 'changing.by': by }, { $unset: { changing: '' } });
  }
}

const BUSY =
  'Another request changes the plan of this subscription, or has ended with an unknown outcome: ask again in a minute.';
