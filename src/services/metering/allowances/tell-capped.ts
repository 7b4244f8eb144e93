import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import { findMany } from '../../../data/read.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';

const BATCH = 100;

/**
 * Tells whoever is on call which accounts were refused paid work since they have spent as much as they may in a
 * day. @returns how many
 */
export async function tellCapped(ctx: Ctx): Promise<number> {
  const since = { cappedAt: { $exists: true } };
  const some = { projection: { credits: 1 }, sort: { cappedAt: 1 }, limit: BATCH } as const;
  const capped = await findMany(ctx, AllowanceCounter, since, some);
  for (const { _id, credits } of capped) {
    const about = { alarm: 'ACCOUNT_SPEND_CAP', account: idText(_id), credits };
    ctx.log.error('An account has spent as much as it may in a day.', about);
    await AllowanceCounter.collection.updateOne({ _id }, { $unset: { cappedAt: '' } });
  }
  return capped.length;
}
