import type { Ctx } from '../../context.ts';
import { IN_USE } from '../../data/data-keys.ts';
import { lowestIdAt } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { DataKey } from '../../models/crypto/data-key.ts';
import { startRenewal } from './renew-job.ts';

/** Has everything encrypted anew, if there is a key that encrypts no longer. */
export async function startRenewalIfDue(ctx: Ctx): Promise<{ started: boolean }> {
  const started = await hasEnded(ctx);
  if (started) await startRenewal(ctx);
  return { started };
}

async function hasEnded(ctx: Ctx): Promise<boolean> {
  const isThere = { forgottenAt: { $exists: false } };
  const ended = [
    { endedAt: { $exists: true } },
    { _id: { $lt: lowestIdAt(ctx.clock() - IN_USE) }, ...isThere },
    { subject: null, ...isThere }, // shared by all, before each had one
  ];
  for (const filter of ended) {
    if (await findOne(ctx, DataKey, filter, { projection: { _id: 1 } })) return true;
  }
  return false;
}
