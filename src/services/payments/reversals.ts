import type { Ctx } from '../../context.ts';
import { idText } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import type { PaymentDoc } from '../../models/billing/payment.ts';
import { type Credits, SYSTEM_ACCOUNTS } from '../billing/accounts.ts';
import { takeBack } from '../billing/debt.ts';
import { type NewEntry, postEntry } from '../billing/ledger.ts';

/** Money that went back to the payer. */
export interface Reversal {
  kind: 'refund' | 'dispute';
  /** Its id at Stripe. */
  id: string;
  /** In minor units. */
  amount: number;
  /** Whether the money is gone: not of a refund that failed, nor of a dispute that is open or won. */
  isActive: boolean;
}

const HOW = {
  refund: { cause: 'PACKAGE', against: SYSTEM_ACCOUNTS.REFUNDS },
  dispute: { cause: 'DISPUTE', against: SYSTEM_ACCOUNTS.DISPUTES },
} as const;

/**
 * Takes the credits of each reversal, in proportion and once, and gives back those of one that came to
 * nothing. What rounding leaves, once all the money is gone, has entries of its own: so what is taken in the
 * end is the same in whichever order the reversals were heard of.
 */
export async function takeReversals(
  tx: Ctx,
  payment: PaymentDoc,
  reversals: Reversal[],
): Promise<{ adjustment?: Credits; adjustments?: number }> {
  for (const reversal of reversals) {
    if (reversal.isActive) await take(tx, payment, reversal);
    else await giveBack(tx, payment, reversal);
  }
  return adjust(
    tx,
    payment,
    reversals.filter(({ isActive }) => isActive),
  );
}

/** The credits that an amount has bought, rounded down. */
function countCredits({ credits, amount }: PaymentDoc, part: number): Credits {
  return Math.floor((credits * Math.min(part, amount)) / amount);
}

async function take(tx: Ctx, payment: PaymentDoc, { kind, id, amount }: Reversal): Promise<void> {
  const credits = countCredits(payment, amount);
  if (credits === 0) return;
  await takeBack(tx, { ...describe(payment, kind), amount: -credits, key: `${kind}:${id}` });
}

async function giveBack(tx: Ctx, payment: PaymentDoc, { kind, id }: Reversal): Promise<void> {
  const taken = await findOne(tx, CreditsTransaction, { key: `${kind}:${id}` });
  if (!taken) return;
  await postEntry(tx, {
    ...describe(payment, kind),
    ...{ amount: -taken.amount, key: `${kind}-ended:${id}`, reverses: taken._id },
  });
}

/** Takes or gives what is missing to all credits of the payment, while all of its money is gone. */
async function adjust(
  tx: Ctx,
  payment: PaymentDoc,
  active: Reversal[],
): Promise<{ adjustment?: Credits; adjustments?: number }> {
  const back = active.reduce((sum, { amount }) => sum + amount, 0);
  const taken = active.reduce((sum, { amount }) => sum + countCredits(payment, amount), 0);
  const isGone = back >= payment.amount && payment.amount > 0;
  const adjustment = isGone ? payment.credits - taken : 0;
  const before = payment.adjustment ?? 0;
  const adjustments = payment.adjustments ?? 0;
  if (adjustment === before) return {};
  const key = `adjustment:${idText(payment._id)}:${adjustments + 1}`;
  const entry = { ...describe(payment, 'refund'), cause: 'ADJUSTMENT', key } as const;
  const amount = before - adjustment;
  if (amount < 0) await takeBack(tx, { ...entry, amount });
  else await postEntry(tx, { ...entry, amount });
  return { adjustment, adjustments: adjustments + 1 };
}

function describe(payment: PaymentDoc, kind: Reversal['kind']): Omit<NewEntry, 'amount' | 'key'> {
  return { account: payment.user, type: 'REFUND', payment: payment._id, ...HOW[kind] };
}
