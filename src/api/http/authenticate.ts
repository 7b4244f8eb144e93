import type { Actor, Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { aggregate } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import { verifyAccessToken } from '../../services/account/tokens.ts';

/** How long a live session is believed without asking again, in ms: a revoked one is dead within 5 s. */
const BELIEVED = 4000;
const MOST = 10_000;

interface Standing {
  until: number;
  isAdmin: boolean;
}

const standing = new Map<string, Standing>();

/** The actor that a request's Authorization header proves. @throws AppError UNAUTHENTICATED */
export async function authenticate(ctx: Ctx, authorization: string | undefined): Promise<Actor> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : verifyAccessToken(ctx, token);
  if (!claims) throw unauthenticated(authorization);
  const found = await findStanding(ctx, claims.session, claims.user);
  if (!found) throw unauthenticated(authorization);
  return { kind: found.isAdmin ? 'ADMIN' : 'USER', id: claims.user, session: claims.session };
}

/** Forgets what this process believes of a session: what ends one here, ends it here at once. */
export function forgetSession(session: UUID): void {
  standing.delete(idText(session));
}

async function findStanding(ctx: Ctx, session: UUID, user: UUID): Promise<Standing | undefined> {
  const now = ctx.clock();
  const key = idText(session);
  const believed = standing.get(key);
  if (believed && believed.until > now) return believed;
  standing.delete(key);
  const [found] = await aggregate<{ owner: { isActive: boolean; isAdmin: boolean }[] }>(
    ctx,
    Session,
    [
      {
        $match: {
          _id: session,
          user,
          expiresAt: { $gt: new Date(now) },
        },
      },
      {
        $lookup: {
          from: User.collectionName,
          localField: 'user',
          foreignField: '_id',
          pipeline: [{ $project: { isActive: 1, isAdmin: 1 } }],
          as: 'owner',
        },
      },
      { $project: { owner: 1 } },
    ],
  );
  const owner = found?.owner[0];
  if (!owner?.isActive) return undefined;
  const fresh = { until: now + BELIEVED, isAdmin: owner.isAdmin };
  if (standing.size >= MOST) standing.delete(standing.keys().next().value as string);
  standing.set(key, fresh);
  return fresh;
}

function unauthenticated(authorization: string | undefined): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    authorization
      ? 'The access token is not valid: it may have expired, or its session has ended.'
      : 'Sign in, and send the access token as "Authorization: Bearer …".',
  );
}
