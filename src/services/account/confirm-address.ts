import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import type { TypedFilter } from '../../data/filter.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { User } from '../../models/account/user.ts';
import { openAccount } from '../billing/accounts.ts';
import { grantWelcome } from '../billing/welcome.ts';
import { makeRefusal, type TokenPurpose, useMailToken } from './mail-tokens.ts';
import type { UserDoc } from './signed-in.ts';

/** What a mail's token was used for, by which its address is that of the user. */
export interface Confirmation {
  purpose: TokenPurpose;
  token: string;
  address: string;
  user: UserDoc;
  /** As the account still has to be. */
  where: TypedFilter;
  /** What changes besides. */
  set: object;
  action: 'verify-email' | 'reset-password';
}

/**
 * Uses a token of a mail up, which confirms the address that it was sent to: the account notes since when, and gets
 * the first credits. All that, with what `alsoDo` does, in one transaction.
 * @throws AppError INVALID_TOKEN; DUPLICATE when somebody else has the address by now
 */
export async function confirmAddress<T>(
  ctx: Ctx,
  { purpose, token, address, user, where, set, action }: Confirmation,
  alsoDo: (tx: Ctx) => Promise<T>,
): Promise<T> {
  const before = user.email === address ? user.emailVerifiedAt : undefined;
  const confirmed = { ...set, emailVerifiedAt: before ?? new Date(ctx.clock()) };
  if (config.welcomeCredits > 0) await openAccount(ctx, user._id);
  return transaction(ctx, async (tx) => {
    await useMailToken(tx, purpose, token);
    if (!(await update(tx, User, where, { set: confirmed }, action))) throw makeRefusal();
    await grantWelcome(tx, user._id, address);
    return alsoDo(tx);
  });
}
