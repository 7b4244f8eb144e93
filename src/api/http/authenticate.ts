import type { Actor, Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { AppError } from '../../errors.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import { isCurrent } from '../../services/account/sessions.ts';
import { verifyAccessToken, verifyByNewKey } from '../../services/account/tokens.ts';
import { limitOf } from '../../services/metering/allowances/limits.ts';
import { countAccountCall } from './ip-rate-limit.ts';
import { readStanding } from './read-standing.ts';

/**
 * How long a session is cached in this process, in ms: one that was ended is refused everywhere
 * within 5 s.
 */
const CACHED = 4000;
const MOST = 10_000;

interface Cached {
  since: Moment;
  isAdmin: boolean;
  /** So many calls a minute the account may make. */
  calls: number;
}

const cache = new Map<string, Cached>();

/**
 * The actor that a request's Authorization header proves, whose call is counted.
 * @throws AppError UNAUTHENTICATED, RATE_LIMITED
 */
export async function authenticate(ctx: Ctx, authorization: string | undefined): Promise<Actor> {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  const claims = token && (verifyAccessToken(ctx, token) ?? (await verifyByNewKey(ctx, token)));
  if (!claims) throw unauthenticated(authorization);
  const found = await findStanding(ctx, claims.session, claims.user);
  if (!found) throw unauthenticated(authorization);
  countAccountCall(claims.user, found.calls);
  return { kind: found.isAdmin ? 'ADMIN' : 'USER', id: claims.user, session: claims.session };
}

/** Drops a session from the cache of this process, where it has just been ended. */
export function forgetSession(session: UUID): void {
  cache.delete(idText(session));
}

async function findStanding(ctx: Ctx, session: UUID, user: UUID): Promise<Cached | undefined> {
  const key = idText(session);
  const cached = cache.get(key);
  if (cached && isWithin(cached.since, CACHED)) return cached;
  cache.delete(key);
  const since = markMoment();
  const found = await readStanding({ ctx, session });
  const owner = found?.owner[0];
  if (!found?.user.equals(user) || !owner?.isActive || !isCurrent(found, owner)) return undefined;
  const calls = limitOf(found.allowances[0] ?? {}, 'calls');
  const fresh = { since, isAdmin: owner.isAdmin, calls };
  if (cache.size >= MOST) cache.delete(cache.keys().next().value as string);
  cache.set(key, fresh);
  return fresh;
}

function unauthenticated(authorization: string | undefined): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    /^bearer /i.test(authorization ?? '')
      ? 'The access token is not valid: it may have expired, or its session has ended.'
      : 'Sign in, and send the access token as "Authorization: Bearer …".',
  );
}
