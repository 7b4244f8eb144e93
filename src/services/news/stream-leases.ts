import type { Ctx } from '../../context.ts';
import { databaseTime, upsertCommon } from '../../data/database-time.ts';
import { retryDuplicate } from '../../data/failures.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { EventHead } from '../../models/news/event-head.ts';

// How many streams a user has open is known to no process alone: in the cloud each stream is a function of
// its own. Each open stream has a lease in the head of its user, which its process renews; that of a process
// that was killed runs out, and counts no more.

/** How many streams a user may have open at once. */
export const MOST_STREAMS = 100;
/** How long a stream counts without being renewed, in ms. */
const LEASE = 20_000;
/** How often leases are to be renewed, in ms. */
export const RENEW_EVERY = 6_000;

/** One stream that is open, of those of its user. */
export interface StreamLease {
  user: UUID;
  id: string;
}

/** Counts a stream that is being opened. @throws AppError RATE_LIMITED */
export async function takeStreamLease(ctx: Ctx, user: UUID): Promise<StreamLease> {
  const id = idText(newId(ctx.clock()));
  const own = { id: { $literal: id }, until: databaseTime(ctx, LEASE) };
  const hasRoom = { $lt: [{ $size: '$streams' }, MOST_STREAMS] };
  const pipeline = [
    {
      $set: {
        ...upsertCommon(ctx, newId(ctx.clock())),
        ...{ user, sequence: { $ifNull: ['$sequence', 0] }, streams: listOpen(ctx) },
      },
    },
    { $set: { streams: { $concatArrays: ['$streams', { $cond: [hasRoom, [own], []] }] } } },
  ];
  const taken = await retryDuplicate(() =>
    EventHead.collection.findOneAndUpdate({ user }, pipeline, {
      ...{ upsert: true, returnDocument: 'after', projection: { streams: 1 } },
    }),
  );
  const open = (taken?.streams ?? []) as { id: string }[];
  if (open.some((stream) => stream.id === id)) return { user, id };
  const retryAfter = LEASE / 1000;
  throw new AppError(
    'RATE_LIMITED',
    `This account has ${MOST_STREAMS} event streams open, the most that it may; close one of them.`,
    { retryAfter },
  );
}

/** Renews the leases of streams that are still open. */
export async function renewStreamLeases(ctx: Ctx, leases: StreamLease[]): Promise<void> {
  const byUser = Map.groupBy(leases, ({ user }) => idText(user));
  const writes = [...byUser.values()].map((own) => {
    const ids = own.map(({ id }) => id);
    const renewed = ids.map((id) => ({ id: { $literal: id }, until: databaseTime(ctx, LEASE) }));
    const streams = { $concatArrays: [listOpen(ctx, ids), renewed] };
    const filter = { user: own[0]?.user };
    return { updateOne: { filter, update: [{ $set: { streams } }] } };
  });
  if (writes.length > 0) await EventHead.collection.bulkWrite(writes, { ordered: false });
}

/** Gives the lease of a stream back that is over. */
export async function returnStreamLease({ user, id }: StreamLease): Promise<void> {
  const others = { $filter: { input: '$streams', cond: { $ne: ['$$this.id', { $literal: id }] } } };
  await EventHead.collection.updateOne({ user }, [{ $set: { streams: others } }]);
}

/** Those of a user whose leases have not run out, but for these. */
function listOpen(ctx: Ctx, without: string[] = []) {
  const isOpen = { $gt: ['$$this.until', databaseTime(ctx)] };
  const isOther = { $not: [{ $in: ['$$this.id', without] }] };
  const cond = { $and: [isOpen, isOther] };
  return { $filter: { input: { $ifNull: ['$streams', []] }, cond } };
}
