import type { Ctx } from '../../context.ts';
import { isToCome } from '../../data/database-time.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { gather } from '../../gather.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import {
  AllowanceCounter,
  type AllowanceCounterDoc,
} from '../../models/metering/allowance-counter.ts';

/** A session that has not expired, with what its account may do. */
export interface Standing {
  _id: UUID;
  user: UUID;
  credentialsVersion: number;
  /** Empty where the account is gone. */
  owner: { isActive: boolean; isAdmin: boolean; credentialsVersion: number }[];
  /** Empty where the account has counted nothing yet. */
  allowances: Pick<AllowanceCounterDoc, 'plan' | 'limits'>[];
}

interface Asked {
  ctx: Ctx;
  session: UUID;
}

/** Reads a session; those that are asked for at the same moment come by one command. */
export const readStanding = gather(async (asked: Asked[]): Promise<(Standing | undefined)[]> => {
  const [{ ctx }] = asked as [Asked];
  const found = await aggregate<Standing>(ctx, Session, [
    {
      $match: { _id: { $in: asked.map(({ session }) => session) }, ...isToCome(ctx, 'expiresAt') },
    },
    lookUp(User.collectionName, { isActive: 1, isAdmin: 1, credentialsVersion: 1 }, 'owner'),
    lookUp(
      AllowanceCounter.collectionName,
      { plan: 1, paidPlan: 1, 'limits.calls': 1 },
      'allowances',
    ),
    { $project: { user: 1, owner: 1, credentialsVersion: 1, allowances: 1 } },
  ]);
  const byId = new Map(found.map((standing) => [idText(standing._id), standing]));
  return asked.map(({ session }) => byId.get(idText(session)));
});

/** Joins what there is in a collection under the id of the user. */
function lookUp(from: string, projection: Record<string, 1>, as: string) {
  const by = { localField: 'user', foreignField: '_id' };
  return { $lookup: { from, ...by, pipeline: [{ $project: projection }], as } };
}
