import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { CreditsTransaction } from '../../models/billing/credits-transaction.ts';
import type { BookedCredits } from './compare.ts';

/** Sums up the entries of payments, but for what was lent to take credits back. */
export async function readCredits(ctx: Ctx, ids: UUID[]): Promise<(id: UUID) => BookedCredits> {
  const isPurchase = { $eq: ['$type', 'PURCHASE'] };
  const pipeline = [
    { $match: { payment: { $in: ids }, cause: { $ne: 'DEBT' } } },
    {
      $group: {
        _id: '$payment',
        bought: { $sum: { $cond: [isPurchase, '$amount', 0] } },
        purchases: { $sum: { $cond: [isPurchase, 1, 0] } },
        taken: { $sum: { $cond: [isPurchase, 0, { $subtract: [0, '$amount'] }] } },
      },
    },
  ];
  const options = { hint: { payment: 1 } };
  const found = await aggregate<BookedCredits & { _id: UUID }>(
    ctx,
    CreditsTransaction,
    pipeline,
    options,
  );
  const byId = new Map(found.map(({ _id, ...booked }) => [idText(_id), booked]));
  return (id) => byId.get(idText(id)) ?? NOTHING;
}

const NOTHING: BookedCredits = { bought: 0, purchases: 0, taken: 0 };
