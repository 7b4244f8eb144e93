import type { Ctx } from '../../context.ts';
import { decryptUnlessGone } from '../../data/encrypted-fields.ts';
import { User } from '../../models/account/user.ts';
import type { UserDoc } from './signed-in.ts';

/**
 * The hash of an account's password; none of who was forgotten. Apart from what hashes, which workers do not load.
 * @throws AppError UNREADABLE, UNAVAILABLE
 */
export function readPasswordHash(ctx: Ctx, user: UserDoc): Promise<string | undefined> {
  return decryptUnlessGone<string>(ctx, User, user, 'hashedPassword');
}
