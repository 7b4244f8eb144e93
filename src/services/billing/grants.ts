import type { Ctx } from '../../context.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { invalid } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import type { CreditsTransactionDoc } from '../../models/billing/credits-transaction.ts';
import { type Credits, openAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';
import { takeTurn } from './turns.ts';

/** A gift of credits by an administrator. */
export interface Grant {
  user: UUID;
  amount: Credits;
  reason: string;
  /** When they expire; never without. */
  expiresAt?: Date;
  /** The administrator. */
  by?: UUID;
}

/** Gives credits to a user. @throws AppError VALIDATION_FAILED where there is no such user */
export async function grantCredits(ctx: Ctx, grant: Grant): Promise<CreditsTransactionDoc> {
  const { user, amount, reason, expiresAt, by } = grant;
  if (!(await findOne(ctx, User, { _id: user }, { projection: { _id: 1 } }))) {
    throw invalid([{ path: 'user', message: 'is no user' }]);
  }
  await openAccount(ctx, user);
  // A request that comes again after a crash has the same promised id.
  const key = `grant:${idText(ctx.promisedId ?? newId(ctx.clock()))}`;
  const entry = {
    ...({ account: user, type: 'BONUS', cause: 'GRANT', amount, reason, key } as const),
    against: SYSTEM_ACCOUNTS.PROMOTIONS,
    ...(by && { by }),
    ...(expiresAt && { expiresAt }),
  };
  return takeTurn(user, () => transaction(ctx, (tx) => postEntry(tx, entry)));
}
