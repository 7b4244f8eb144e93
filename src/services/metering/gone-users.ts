import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { User } from '../../models/account/user.ts';
import { MeteringFact } from '../../models/metering/metering-fact.ts';
import { Stat } from '../../models/metering/stat.ts';

// Usage is of users who are there: who deletes a user deletes the user's facts and stats after that commit, and
// who writes some looks for their users after that. So one of the two always sees the other, and nothing is
// left of a user who is gone. What such a user did last, such as deleting everything, counts nowhere.

/** Deletes facts, and stats, of those of these users who are gone. To be called after some were written. */
export async function forgetGone(ctx: Ctx, owners: (UUID | null | undefined)[]): Promise<void> {
  const gone = await findGone(ctx, owners);
  if (gone.length === 0) return;
  const theirs = { user: { $in: gone } };
  const session = { ...(ctx.session && { session: ctx.session }) };
  await MeteringFact.collection.deleteMany(theirs, session);
  await Stat.collection.deleteMany(theirs, session);
}

/** Of these users those who are gone. */
export async function findGone(ctx: Ctx, owners: (UUID | null | undefined)[]): Promise<UUID[]> {
  const users = new Map(owners.flatMap((user) => (user ? [[idText(user), user]] : [])));
  if (users.size === 0) return [];
  const some = { projection: { _id: 1 }, limit: users.size };
  const found = await findMany(ctx, User, { _id: { $in: [...users.values()] } }, some);
  for (const { _id } of found) users.delete(idText(_id));
  return [...users.values()];
}
