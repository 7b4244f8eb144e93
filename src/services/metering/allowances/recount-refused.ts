import type { Ctx } from '../../../context.ts';
import { hasCome } from '../../../data/database-time.ts';
import { findMany } from '../../../data/read.ts';
import { AllowanceCounter } from '../../../models/metering/allowance-counter.ts';
import { compare, correct } from './recount.ts';

const BATCH = 50;
/** Longer than any request is under way, in ms. */
const UNDER_WAY = 35_000;

/**
 * Recounts the accounts that were refused something a while ago: what a crash has left in a counter stands in
 * nobody's way until the night. What is off is looked at again a run later. @returns how many counts were wrong
 */
export async function recountRefused(ctx: Ctx): Promise<number> {
  const due = { refusedAt: { $exists: true }, ...hasCome(ctx, 'refusedAt', UNDER_WAY) };
  const some = { projection: { _id: 1 }, sort: { refusedAt: 1 }, limit: BATCH } as const;
  const users = (await findMany(ctx, AllowanceCounter, due, some)).map(({ _id }) => _id);
  const corrected = await correct(ctx, await compare(ctx, users));
  for (const _id of users) {
    await AllowanceCounter.collection.updateOne({ _id }, { $unset: { refusedAt: '' } });
  }
  return corrected;
}
