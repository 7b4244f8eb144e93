import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { type Try, takeTry } from './rate-limit.ts';
import { recordSecurityEvent } from './security-events.ts';

/** A quarter of an hour, in ms. */
export const QUARTER = 15 * 60_000;
const PER_ACCOUNT = { most: 10, windowMs: QUARTER, settled: true };

/**
 * Counts an attempt at an account: ten may fail in a quarter of an hour. Being refused is a security
 * event of the account, if there is one, and costs as much if there is none.
 * @throws AppError RATE_LIMITED
 */
export async function takeAccountTry(
  ctx: Ctx,
  what: string,
  key: string,
  user: UUID | undefined,
  patience = 0,
): Promise<Try> {
  try {
    return await takeTry(ctx, what, key, { ...PER_ACCOUNT, patience });
  } catch (error) {
    const isRefused = error instanceof AppError && error.code === 'RATE_LIMITED';
    if (isRefused) await recordSecurityEvent(ctx, 'locked-out', user ?? key);
    throw error;
  }
}
