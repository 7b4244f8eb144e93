import type { Ctx } from '../../context.ts';
import { CACHED, IN_USE, nameObject } from '../../data/data-keys.ts';
import { databaseTime } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { DataKey } from '../../models/crypto/data-key.ts';
import { destroyKeys } from '../../providers/key-store.ts';

/**
 * How long a key that nothing needs is kept, in ms: backups of the database that are younger need it. Older
 * ones do not open any longer.
 */
export const BACKUPS = 35 * 24 * 3600 * 1000;
/** So many keys are judged at once. */
const BATCH = 500;

interface Judged {
  unneeded: number;
  destroyed: number;
}

interface Old {
  _id: UUID;
  subject?: string;
  isNeeded: boolean;
  unneededAt?: Date;
  isExpired: boolean;
}

/**
 * Judges the keys that no longer encrypt, after everything has been read since `began`. A key that something
 * was found under is needed. One that nothing was found under is marked; where a later renewal, at least 35
 * days after, finds nothing again, it is destroyed. So what a slow process wrote under it at the last moment
 * is found in between, and renewed.
 */
export async function judgeKeys(ctx: Ctx, began: Date): Promise<Judged> {
  const judged: Judged = { unneeded: 0, destroyed: 0 };
  let after: UUID | undefined;
  for (;;) {
    const found = await findOld(ctx, began, after);
    for (const key of found) {
      if (key.isNeeded) await unmark(key);
      else if (key.isExpired) await destroy(key);
      else await mark(ctx, key);
      if (!key.isNeeded) judged[key.isExpired ? 'destroyed' : 'unneeded']++;
    }
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) return judged;
  }
}

/** The keys that no process could encrypt under any longer when everything began to be read. */
function findOld(ctx: Ctx, began: Date, after?: UUID): Promise<Old[]> {
  const ended = { $ifNull: ['$endedAt', { $add: ['$createdAt', IN_USE] }] };
  // What had no subject was shared, and is used for nothing new.
  const isOver = { $lte: [ended, new Date(began.getTime() - 2 * CACHED)] };
  const isShared = { $eq: [{ $type: '$subject' }, 'missing'] };
  return aggregate<Old>(ctx, DataKey, [
    { $match: { ...(after && { _id: { $gt: after } }), forgottenAt: { $exists: false } } },
    { $sort: { _id: 1 } },
    { $match: { $expr: { $or: [isShared, isOver] } } },
    { $limit: BATCH },
    {
      $project: {
        subject: 1,
        unneededAt: 1,
        isNeeded: { $gte: [{ $ifNull: ['$seenAt', new Date(0)] }, began] },
        isExpired: {
          $and: [
            { $eq: [{ $type: '$unneededAt' }, 'date'] },
            { $lte: ['$unneededAt', databaseTime(ctx, -BACKUPS)] },
          ],
        },
      },
    },
  ]);
}

async function unmark({ _id, unneededAt }: Old): Promise<void> {
  if (unneededAt) await DataKey.collection.updateOne({ _id }, { $unset: { unneededAt: 1 } });
}

async function mark(ctx: Ctx, { _id, unneededAt }: Old): Promise<void> {
  if (unneededAt) return;
  await DataKey.collection.updateOne({ _id }, [{ $set: { unneededAt: databaseTime(ctx) } }]);
}

/** First the key itself: one that is in the database only is found missing, and destroyed again. */
async function destroy({ _id, subject }: Old): Promise<void> {
  if (subject) await destroyKeys(nameObject(subject, _id));
  await DataKey.collection.deleteOne({ _id });
}
