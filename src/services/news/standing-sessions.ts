import type { Ctx } from '../../context.ts';
import { isToCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';

/** How many sessions are looked for by one command. */
const BATCH = 500;

/** Which of these sessions may still be used, as texts: not ended, and of an active user. */
export async function findStandingSessions(ctx: Ctx, sessions: UUID[]): Promise<Set<string>> {
  const standing = new Set<string>();
  for (let i = 0; i < sessions.length; i += BATCH) {
    const found = await aggregate<{ _id: UUID }>(ctx, Session, [
      { $match: { _id: { $in: sessions.slice(i, i + BATCH) }, ...isToCome(ctx, 'expiresAt') } },
      {
        $lookup: {
          from: User.collectionName,
          localField: 'user',
          foreignField: '_id',
          let: { credentials: '$credentialsVersion' },
          pipeline: [
            {
              $match: {
                isActive: true,
                $expr: { $eq: ['$credentialsVersion', '$$credentials'] },
              },
            },
            { $project: { _id: 1 } },
          ],
          as: 'owner',
        },
      },
      { $match: { 'owner.0': { $exists: true } } },
      { $project: { _id: 1 } },
    ]);
    for (const { _id } of found) standing.add(idText(_id));
  }
  return standing;
}
