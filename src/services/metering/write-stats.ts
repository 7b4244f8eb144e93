import type { Ctx } from '../../context.ts';
import { newId } from '../../data/ids.ts';
import { Stat } from '../../models/metering/stat.ts';
import { encodeDigest, readPercentiles } from './digest.ts';
import type { Total, Totals } from './fold.ts';
import type { Period } from './periods.ts';

/** Writes stats, each in the place of the one before, in the caller's transaction. */
export async function writeStats(tx: Ctx, period: Period, totals: Totals): Promise<void> {
  if (totals.size === 0) return;
  const now = new Date(tx.clock());
  const writes = [...totals.values()].map((total) => {
    const { user, at, metric, dimensions } = total;
    return {
      updateOne: {
        filter: { user: user ?? { $exists: false }, metric, period, at, dimensions },
        update: {
          $set: { ...describe(total), updatedAt: now },
          $inc: { version: 1 },
          $setOnInsert: { _id: newId(now.getTime()), createdAt: now },
        },
        upsert: true,
        // The unique one: the planner would try several for each.
        hint: { user: 1, metric: 1, period: 1, at: 1, dimensions: 1 },
      },
    };
  });
  const session = tx.session && { session: tx.session };
  await Stat.collection.bulkWrite(writes, { ...session, ordered: false });
}

function describe({ count, sum, min, max, digest }: Total) {
  const values = { count, sum, min, max };
  if (!digest) return values;
  return { ...values, ...readPercentiles(digest, values), digest: encodeDigest(digest) };
}
