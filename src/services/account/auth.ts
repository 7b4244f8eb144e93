import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { isToCome } from '../../data/database-time.ts';
import type { DocOf } from '../../data/entity.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert, update } from '../../data/write.ts';
import { AppError, invalid } from '../../errors.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import { UserSettings } from '../../models/account/user-settings.ts';
import { requestAppend } from '../audit/chain.ts';
import { removeAndSweep } from '../removal/remove-and-sweep.ts';
import { hashPassword, isOutdated, verifyNobody, verifyPassword } from './passwords.ts';
import { readNetwork, takeTry } from './rate-limit.ts';
import { createRefreshToken, readRefreshToken } from './refresh-tokens.ts';
import { endSessions } from './sessions.ts';
import { ACCESS_SECONDS, signAccessToken } from './tokens.ts';

type UserDoc = DocOf<typeof User>;

const SESSION_DAYS = 30;
const QUARTER = 15 * 60_000;
const FAILURES_PER_ACCOUNT = 10;
const FAILURES_PER_ADDRESS = 100;

/** What signing in answers. */
export interface SignedIn {
  user: UserDoc;
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
}

export type Registration = {
  email: string;
  username: string;
  password: string;
  displayName?: string;
};

/**
 * Creates an account with its settings, and signs in.
 * @throws AppError DUPLICATE, VALIDATION_FAILED, RATE_LIMITED
 */
export async function register(ctx: Ctx, it: Registration): Promise<SignedIn> {
  await takeTry(ctx, 'register', readNetwork(ctx.ip), config.registrationsPerMinute, 60_000);
  // An earlier attempt of this request crashed before it answered: the account exists already.
  const made = ctx.promisedId && (await findOne(ctx, User, { _id: ctx.promisedId }));
  if (made) return signIn(ctx, made);
  await refuseCommon(it.password, 'password');
  const { password, ...profile } = it;
  const hashedPassword = await hashPassword(password);
  return transaction(ctx, async (tx) => {
    const values = { ...profile, hashedPassword, isActive: true, isAdmin: false };
    const user = await insert(tx, User, values, 'register');
    await insert(tx, UserSettings, { user: user._id });
    return signIn(tx, user);
  });
}

/**
 * Signs in by email or username. Attempts are counted before the password is checked, so that
 * parallel ones do not exceed the limit.
 * @throws AppError INVALID_CREDENTIALS (for any reason), RATE_LIMITED
 */
export async function login(ctx: Ctx, name: string, password: string): Promise<SignedIn> {
  const account = name.trim().toLowerCase();
  const refundAddress = await takeTry(
    ctx,
    'login-from',
    readNetwork(ctx.ip),
    FAILURES_PER_ADDRESS,
    QUARTER,
  );
  const user = await findByLogin(ctx, account);
  // Counted per account and not per login: the database takes many spellings for the same username.
  const counted = user ? idText(user._id) : account;
  const refundAccount = await takeTry(ctx, 'login-to', counted, FAILURES_PER_ACCOUNT, QUARTER);
  const matches = user
    ? await verifyPassword(user.hashedPassword, password)
    : await verifyNobody(password);
  if (!user || !matches || !user.isActive) {
    throw new AppError('INVALID_CREDENTIALS', 'The login or the password is wrong.');
  }
  await Promise.all([refundAddress(), refundAccount()]);
  const set = {
    lastLoginAt: new Date(ctx.clock()),
    ...(isOutdated(user.hashedPassword) && { hashedPassword: await hashPassword(password) }),
  };
  // The filter repeats what was checked: if the password is changed or the account suspended
  // meanwhile, there is no new session.
  const where = { _id: user._id, isActive: true, hashedPassword: user.hashedPassword };
  return transaction(actAs(ctx, user), async (tx) => {
    const current = await update(tx, User, where, { set }, 'login');
    if (!current)
      throw new AppError('INVALID_CREDENTIALS', 'The account was changed at the same time.');
    return signIn(tx, current);
  });
}

/**
 * Exchanges a refresh token for a new pair of tokens (rotation). If one is used twice, either it
 * was stolen or the first answer was lost. Nobody can tell which, so the session ends.
 * @throws AppError INVALID_REFRESH_TOKEN
 */
export async function refresh(ctx: Ctx, token: string): Promise<SignedIn> {
  const session = readRefreshToken(token);
  const now = new Date(ctx.clock());
  const next = session && createRefreshToken(session);
  const rotated =
    next &&
    (await update(
      ctx,
      Session,
      { _id: session, refreshTokenHash: hashText(token), ...isToCome(ctx, 'expiresAt') },
      { set: { refreshTokenHash: hashText(next), rotatedAt: now } },
      'refresh',
    ));
  const user = rotated && (await findOne(ctx, User, { _id: rotated.user, isActive: true }));
  if (!session || !next || !rotated || !user) {
    if (session && !rotated) {
      await removeAndSweep(ctx, Session, { _id: session });
      await requestAppend(ctx);
    }
    throw new AppError('INVALID_REFRESH_TOKEN', 'This refresh token is not valid; sign in again.');
  }
  return makeSignedIn(ctx, user, session, next);
}

/** Ends the session that a refresh token belongs to; an unknown token is ignored. */
export async function logout(ctx: Ctx, token: string): Promise<UUID | undefined> {
  const session = readRefreshToken(token);
  if (!session) return undefined;
  const gone = await removeAndSweep(ctx, Session, {
    _id: session,
    refreshTokenHash: hashText(token),
  });
  return gone ? session : undefined;
}

/**
 * Changes the password and ends every other session.
 * @throws AppError INVALID_CREDENTIALS, VALIDATION_FAILED
 */
export async function changePassword(
  ctx: Ctx,
  id: UUID,
  keep: UUID,
  current: string,
  wanted: string,
): Promise<void> {
  const refund = await takeTry(ctx, 'login-to', idText(id), FAILURES_PER_ACCOUNT, QUARTER);
  const user = await findOne(ctx, User, { _id: id }, { projection: { hashedPassword: 1 } });
  if (!user || !(await verifyPassword(user.hashedPassword, current))) {
    throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
  }
  await refund();
  await refuseCommon(wanted, 'newPassword');
  const hashedPassword = await hashPassword(wanted);
  // The filter has the old hash: of two changes at the same time, one succeeds.
  const where = { _id: id, hashedPassword: user.hashedPassword };
  await transaction(ctx, async (tx) => {
    const set = { hashedPassword };
    const changed = await update(tx, User, where, { set }, 'change-password');
    if (!changed) throw new AppError('CONFLICT', 'The password was changed at the same time.');
    await endSessions(tx, id, keep);
  });
}

async function signIn(ctx: Ctx, user: UserDoc): Promise<SignedIn> {
  const acting = actAs(ctx, user);
  // The id is made first, since the refresh token has it.
  const session = newId(ctx.clock());
  const token = createRefreshToken(session);
  await insert(
    acting,
    Session,
    {
      _id: session,
      user: user._id,
      refreshTokenHash: hashText(token),
      userAgent: ctx.userAgent,
      ip: ctx.ip,
    },
    'sign-in',
    { expiresAt: SESSION_DAYS * 24 * 3600 * 1000 },
  );
  return makeSignedIn(ctx, user, session, token);
}

function makeSignedIn(ctx: Ctx, user: UserDoc, session: UUID, refreshToken: string): SignedIn {
  return {
    user,
    accessToken: signAccessToken(ctx, user._id, session),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: ACCESS_SECONDS,
  };
}

/** The context of a user who has just signed in. */
function actAs(ctx: Ctx, user: UserDoc): Ctx {
  const kind = user.isAdmin ? 'ADMIN' : 'USER';
  return { ...ctx, actor: { kind, id: user._id, session: user._id } };
}

async function findByLogin(ctx: Ctx, login: string): Promise<UserDoc | null> {
  const projection = { outbox: 0 };
  if (login.includes('@')) return findOne(ctx, User, { email: login }, { projection });
  const collation = { locale: 'en', strength: 2 };
  return findOne(ctx, User, { username: login }, { projection, collation });
}

async function refuseCommon(password: string, path: string): Promise<void> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  common ??= new Set(dictionary['passwords-common'] as string[]);
  if (common.has(password.toLowerCase())) {
    throw invalid([{ path, message: 'is one of the most common passwords' }]);
  }
}

let common: Set<string> | undefined;
