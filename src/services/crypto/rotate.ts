import type { Ctx } from '../../context.ts';
import type { Subject } from '../../data/data-keys.ts';
import { databaseTime } from '../../data/database-time.ts';
import { DataKey } from '../../models/crypto/data-key.ts';

/**
 * Ends the keys in use, of one subject or of all: what is written from now on, or within five minutes by
 * processes that cache them, is under new ones. What is stored comes under them by a renewal.
 */
export async function endKeys(ctx: Ctx, subject?: Subject): Promise<number> {
  const inUse = {
    ...(subject && { subject }),
    endedAt: { $exists: false },
    forgottenAt: { $exists: false },
  };
  const { modifiedCount } = await DataKey.collection.updateMany(inUse, [
    { $set: { endedAt: databaseTime(ctx), updatedAt: databaseTime(ctx) } },
  ]);
  return modifiedCount;
}
