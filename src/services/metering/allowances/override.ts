import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import type { DocOf } from '../../../data/entity.ts';
import type { UUID } from '../../../data/ids.ts';
import { findOne } from '../../../data/read.ts';
import { transaction } from '../../../data/transaction.ts';
import { insert } from '../../../data/write.ts';
import { invalid } from '../../../errors.ts';
import { User } from '../../../models/account/user.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';
import { AllowanceOverride } from '../../../models/metering/allowance-override.ts';
import type { PlanLimits } from '../../../plans.ts';
import { renewCounter } from './counter.ts';

/** What an administrator allows an account, instead of what was allowed before. */
export interface Override {
  user: UUID;
  /** The first plan of the configuration without. */
  plan?: string | undefined;
  /** What its plan says without. */
  limits?: Partial<PlanLimits> | undefined;
  reason: string;
}

/**
 * Gives an account another plan, or limits of its own, and keeps who did so and why. It counts at once.
 * @throws AppError VALIDATION_FAILED where there is no such user or plan
 */
export async function overrideAllowances(
  ctx: Ctx,
  by: UUID,
  { user, plan, limits, reason }: Override,
): Promise<DocOf<typeof AllowanceOverride>> {
  const isThere = await findOne(ctx, User, { _id: user }, { projection: { _id: 1 } });
  const plans = Object.keys(config.plans);
  const faults = [
    ...(isThere ? [] : [{ path: 'user', message: 'is no user' }]),
    ...(plan && !plans.includes(plan)
      ? [{ path: 'plan', message: `is none of ${plans.join(', ')}` }]
      : []),
  ];
  if (faults.length > 0) throw invalid(faults);
  await renewCounter(ctx, user);
  return transaction(ctx, async (tx) => {
    const own = { ...(plan && { plan }), ...(limits && { limits }) };
    const made = await insert(tx, AllowanceOverride, { user, ...own, reason, by });
    const none = Object.fromEntries(
      ['plan', 'limits'].filter((name) => !(name in own)).map((name) => [name, '']),
    );
    await AllowanceCounter.collection.updateOne(
      { _id: user },
      {
        ...(Object.keys(own).length > 0 && { $set: own }),
        ...(Object.keys(none).length > 0 && { $unset: none }),
      },
      { ...(tx.session && { session: tx.session }) },
    );
    return made;
  });
}
