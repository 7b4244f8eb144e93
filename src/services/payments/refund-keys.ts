import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Payment } from '../../models/billing/payment.ts';
import type { KeyCounter } from './make-once.ts';

/**
 * Counts the spent keys of one request for a refund: a payment has many, and a request whose outcome is unknown
 * keeps its key, whatever becomes of the others. Only the count of one is stored. Whose count was replaced begins
 * anew, with keys that are spent still: so nothing is made twice.
 */
export function countRefundKeys(ctx: Ctx, _id: UUID, request: string): KeyCounter {
  return {
    read: async () => {
      const stored = await findOne(ctx, Payment, { _id }, { projection: { refundKeys: 1 } });
      return stored?.refundKeys?.request === request ? stored.refundKeys.spent : 0;
    },
    raise: async (spent) => {
      const isLess = {
        _id,
        $nor: [{ 'refundKeys.request': request, 'refundKeys.spent': { $gte: spent } }],
      };
      await update(ctx, Payment, isLess, { set: { refundKeys: { request, spent } } }, 'retry');
    },
  };
}
