import type { PaymentDoc } from '../../models/billing/payment.ts';
import type { Credits } from './accounts.ts';

/** The credits that a part of a payment has bought, in proportion and rounded down; for all of it, all of them. */
export function countBought(
  { credits, amount }: Pick<PaymentDoc, 'credits' | 'amount'>,
  part: number,
): Credits {
  if (part === 0) return 0;
  return part >= amount ? credits : Math.floor((credits * part) / amount);
}
