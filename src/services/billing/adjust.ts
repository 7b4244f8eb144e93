import type { Ctx } from '../../context.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { AppError, invalid } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import {
  CreditsTransaction,
  type CreditsTransactionDoc,
} from '../../models/billing/credits-transaction.ts';
import { type Credits, openAccount, SYSTEM_ACCOUNTS } from './accounts.ts';
import { postEntry } from './ledger.ts';
import { takeTurn } from './turns.ts';

/** Credits that an administrator adds to an account, or takes from it. */
export interface Adjustment {
  user: UUID;
  /** Not 0. */
  amount: Credits;
  reason: string;
  /** The administrator. */
  by: UUID;
}

/**
 * Adds credits to an account, or takes them from it, by an entry that says who did so and why.
 * @throws AppError VALIDATION_FAILED where there is no such user; INSUFFICIENT_CREDITS
 */
export async function adjustCredits(ctx: Ctx, it: Adjustment): Promise<CreditsTransactionDoc> {
  const { user, amount, reason, by } = it;
  if (!(await findOne(ctx, User, { _id: user }, { projection: { _id: 1 } }))) {
    throw invalid([{ path: 'user', message: 'is no user' }]);
  }
  await openAccount(ctx, user);
  // A request that comes again after a crash has the same promised id.
  const key = `adjustment:${idText(ctx.promisedId ?? newId(ctx.clock()))}`;
  const type = amount > 0 ? 'BONUS' : 'SPEND';
  const entry = {
    ...({ account: user, type, cause: 'ADJUSTMENT', amount, reason, by, key } as const),
    against: SYSTEM_ACCOUNTS.PROMOTIONS,
  };
  return takeTurn(user, () => transaction(ctx, (tx) => postEntry(tx, entry)));
}

/**
 * Reverses an entry by another one, once: a mistake is never edited. Of what was added as much must be there.
 * @throws AppError VALIDATION_FAILED where there is no such entry; INVALID_STATE where another fact may take its
 * credits back, or give them; INSUFFICIENT_CREDITS
 */
export async function reverseEntry(
  ctx: Ctx,
  { entry, reason, by }: { entry: UUID; reason: string; by: UUID },
): Promise<CreditsTransactionDoc> {
  const first = await findOne(ctx, CreditsTransaction, { _id: entry }, { projection: {} });
  if (!first) throw invalid([{ path: 'entry', message: 'is no entry of the ledger' }]);
  const refusal = refuseReversal(first);
  if (refusal) throw new AppError('INVALID_STATE', refusal);
  const against = first.postings[1]?.account as UUID;
  const { account, amount } = first;
  return takeTurn(account, () =>
    transaction(ctx, (tx) =>
      postEntry(tx, {
        ...{ account, type: amount > 0 ? 'SPEND' : 'REFUND', cause: 'ADJUSTMENT' },
        ...{ amount: -amount, against, reason, by, reverses: entry },
        key: `reversal:${idText(entry)}`,
      }),
    ),
  );
}

/** Why an entry is not reversed by hand: what it is of would take or give the same credits once more. */
function refuseReversal(entry: CreditsTransactionDoc): string | undefined {
  const { reverses, cause, payment } = entry;
  if (reverses) return 'It reverses another entry itself.';
  if (cause === 'DEBT') return 'It is of a debt, which the next credits pay: grant some instead.';
  if (payment) return 'It is of a payment: refund that, or adjust the credits, instead.';
  if (cause === 'EXPIRY') return 'It is of credits that have expired: grant others instead.';
  return undefined;
}
