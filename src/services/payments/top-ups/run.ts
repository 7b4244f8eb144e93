import { config } from '../../../config.ts';
import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import { aggregate } from '../../../data/read.ts';
import { CreditAccount } from '../../../models/billing/credit-account.ts';
import { TopUp, type TopUpDoc } from '../../../models/billing/top-up.ts';
import { topUp } from './top-up.ts';

const BATCH = 500;

/**
 * Buys credits for whoever has set that they be bought, and has fewer left than that. One that fails keeps no
 * other waiting. @returns how many were bought
 */
export async function topUpAccounts(
  ctx: Ctx,
  timeLeft: () => number,
): Promise<{ toppedUp: number }> {
  let toppedUp = 0;
  if (!config.stripe) return { toppedUp };
  for await (const low of listLow(ctx)) {
    if (timeLeft() < 15_000) break;
    try {
      if (await topUp(ctx, low)) toppedUp++;
    } catch (error) {
      // Stripe is out of reach, or two were at it at once: the next run looks again.
      const about = { user: idText(low.user), error: error as Error };
      ctx.log.warn('Credits could not be bought automatically.', about);
    }
  }
  return { toppedUp };
}

/** Who has fewer credits than the threshold, and no dispute, batch by batch in the order of ids. */
async function* listLow(ctx: Ctx): AsyncGenerator<TopUpDoc> {
  let after: UUID | undefined;
  for (;;) {
    const batch = await aggregate<TopUpDoc & { accounts: Account[] }>(ctx, TopUp, [
      { $match: { status: 'ACTIVE', ...(after && { _id: { $gt: after } }) } },
      { $sort: { _id: 1 } },
      { $limit: BATCH },
      {
        $lookup: {
          from: CreditAccount.collectionName,
          localField: 'user',
          foreignField: '_id',
          pipeline: [{ $project: { available: 1, isFrozen: 1 } }],
          as: 'accounts',
        },
      },
      { $project: { outbox: 0 } },
    ]);
    for (const { accounts, ...found } of batch) {
      const { available = 0, isFrozen = false } = accounts[0] ?? {};
      if (available < found.threshold && !isFrozen) yield found as TopUpDoc;
    }
    after = batch.at(-1)?._id;
    if (batch.length < BATCH) return;
  }
}

interface Account {
  available: number;
  isFrozen: boolean;
}
