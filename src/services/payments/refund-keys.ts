import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { Payment } from '../../models/billing/payment.ts';
import type { KeyCounter } from './make-once.ts';

/** Of so many requests of a payment the counts are stored: of those that were refused last. */
const MOST = 20;
const TRIES = 10;

/**
 * Counts the spent keys of one request for a refund: a payment has many, and a request whose outcome is unknown
 * keeps its key, whatever becomes of the others. Whose count is stored no more begins anew, with keys that are
 * spent still: so nothing is made twice.
 */
export function countRefundKeys(ctx: Ctx, _id: UUID, request: string): KeyCounter {
  const read = async () => {
    const stored = await findOne(
      ctx,
      Payment,
      { _id },
      { projection: { refundKeys: 1, version: 1 } },
    );
    const counts = stored?.refundKeys ?? [];
    const spent = counts.find((one) => one.request === request)?.spent ?? 0;
    return {
      version: stored?.version,
      spent,
      others: counts.filter((one) => one.request !== request),
    };
  };
  return {
    read: async () => (await read()).spent,
    raise: async (to) => {
      for (let tries = 0; tries < TRIES; tries++) {
        const { version, spent, others } = await read();
        if (spent >= to) return;
        const refundKeys = [...others.slice(1 - MOST), { request, spent: to }];
        // Another request may count its own at the same time.
        if (await update(ctx, Payment, { _id, version }, { set: { refundKeys } }, 'retry')) return;
      }
      throw new Error(
        'The spent keys of a refund could not be counted: the payment kept changing.',
      );
    },
  };
}
