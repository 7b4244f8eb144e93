import type { Ctx } from '../../../context.ts';
import { isOutage } from '../../../data/failures.ts';
import type { UUID } from '../../../data/ids.ts';
import type { Usage } from '../../../data/usage.ts';
import { takeAllowance } from './counter.ts';
import { giveBack } from './give-back.ts';

/**
 * Does what takes some of an account's allowances, if there is enough of them, and gives it back where that
 * fails. @throws AppError ALLOWANCE_EXCEEDED
 */
export async function withAllowance<T>(
  ctx: Ctx,
  user: UUID | undefined,
  usage: Usage | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!usage || !user) return work();
  await takeAllowance(ctx, user, usage);
  return undoWith(ctx, user, usage, work);
}

/** Does what has been counted, and gives it back where that fails: in a transaction where that is undone. */
export async function undoWith<T>(
  ctx: Ctx,
  user: UUID,
  usage: Usage,
  work: () => Promise<T>,
): Promise<T> {
  const undo = () => giveBack(ctx, user, usage);
  if (ctx.effects) {
    ctx.effects.undone.push(undo);
    return work();
  }
  try {
    return await work();
  } catch (error) {
    // Of what an outage has cut off nobody knows whether it was done: the nightly recount does.
    if (!isOutage(error)) await undo();
    throw error;
  }
}
