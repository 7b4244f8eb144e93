import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import { type Credits, SYSTEM_ACCOUNTS } from '../billing/accounts.ts';
import { countBought } from '../billing/bought.ts';
import { takeBack } from '../billing/debt.ts';
import { postEntry } from '../billing/ledger.ts';

/** Money that went back to the payer, in minor units. */
export interface Returned {
  refunded: number;
  /** What banks took back: disputes that are lost. */
  disputed: number;
}

const CAUSES = {
  PACKAGE: SYSTEM_ACCOUNTS.REFUNDS,
  DISPUTE: SYSTEM_ACCOUNTS.DISPUTES,
} as const;

type Cause = keyof typeof CAUSES;

/**
 * Brings the credits that were taken back for refunds, and for disputes, to what they are to be now: more are taken,
 * or some are given back, by an entry for each. So how many are taken in the end depends on what went back alone, and
 * not on the order in which that was heard of, nor on its parts.
 */
export async function bringBack(
  tx: Ctx,
  payment: PaymentDoc,
  { refunded, disputed }: Returned,
): Promise<void> {
  const forRefunds = countBought(payment, refunded);
  const forDisputes = countBought(payment, refunded + disputed) - forRefunds;
  const { entries, taken } = await readTaken(tx, payment);
  const due = { PACKAGE: forRefunds, DISPUTE: forDisputes };
  let number = entries;
  for (const cause of Object.keys(CAUSES) as Cause[]) {
    const amount = taken[cause] - due[cause];
    if (amount !== 0) await post(tx, payment, { cause, amount, number: ++number });
  }
}

/** What the ledger has taken of a payment: the sum for each cause, and the number of entries. */
async function readTaken(
  tx: Ctx,
  { _id }: PaymentDoc,
): Promise<{ entries: number; taken: Record<Cause, Credits> }> {
  // What was lent to take it back, a debt, is not of it.
  const cause = { $in: Object.keys(CAUSES) };
  const found = await aggregate<{ _id: Cause; amount: number; entries: number }>(
    tx,
    CreditsTransaction,
    [
      { $match: { payment: _id, type: 'REFUND', cause } },
      { $group: { _id: '$cause', amount: { $sum: '$amount' }, entries: { $sum: 1 } } },
    ],
  );
  const taken = { PACKAGE: 0, DISPUTE: 0 };
  for (const one of found) taken[one._id] = -one.amount;
  return { taken, entries: found.reduce((sum, one) => sum + one.entries, 0) };
}

async function post(
  tx: Ctx,
  { _id: payment, user: account }: PaymentDoc,
  { cause, amount, number }: { cause: Cause; amount: Credits; number: number },
): Promise<void> {
  // Of two transactions that count the same entries at once, one ends.
  const key = `reversal:${idText(payment)}:${number}`;
  const entry = { account, type: 'REFUND', cause, amount, against: CAUSES[cause], payment, key };
  await (amount < 0 ? takeBack : postEntry)(tx, entry as Parameters<typeof postEntry>[1]);
}
