import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { isToCome } from '../../data/database-time.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { createRefreshToken, readRefreshToken } from './refresh-tokens.ts';
import { recordSecurityEvent } from './security-events.ts';
import { isCurrent } from './sessions.ts';
import { makeSignedIn, type SignedIn } from './signed-in.ts';

/**
 * Exchanges a refresh token for a new pair of tokens (rotation). If one is used twice, either it
 * was stolen or the first answer was lost. Nobody can tell which, so the session ends.
 * @throws AppError INVALID_REFRESH_TOKEN
 */
export async function refresh(ctx: Ctx, token: string): Promise<SignedIn> {
  const session = readRefreshToken(token);
  if (!session) throw makeRefusal();
  const live = { _id: session, ...isToCome(ctx, 'expiresAt') };
  const found = await findOne(ctx, Session, live, WHOLE);
  const user = found && (await findOne(ctx, User, { _id: found.user, isActive: true }, WHOLE));
  if (!user || !isCurrent(found, user)) throw makeRefusal();
  const refreshToken = createRefreshToken(session);
  const where = { _id: session, refreshTokenHash: hashText(token) };
  const set = { refreshTokenHash: hashText(refreshToken), rotatedAt: new Date(ctx.clock()) };
  if (await update(ctx, Session, where, { set }, 'refresh'))
    return makeSignedIn(ctx, user, { session, refreshToken });
  await removeAndSweep(ctx, Session, { _id: session });
  await recordSecurityEvent(ctx, 'refresh-reused', user._id);
  throw makeRefusal();
}

/** Ends the session that a refresh token belongs to, spent or not; an unknown token is ignored. */
export async function logout(ctx: Ctx, token: string): Promise<UUID | undefined> {
  const session = readRefreshToken(token);
  if (!session) return undefined;
  return (await removeAndSweep(ctx, Session, { _id: session })) ? session : undefined;
}

function makeRefusal(): AppError {
  return new AppError('INVALID_REFRESH_TOKEN', 'This refresh token is not valid; sign in again.');
}
