import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import type { DocOf } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { findMany, findOne } from '../../data/read.ts';
import { takeOut } from '../../data/remove.ts';
import { transaction } from '../../data/transaction.ts';
import { insert } from '../../data/write.ts';
import { Session } from '../../models/account/session.ts';
import { User } from '../../models/account/user.ts';
import { createRefreshToken } from './refresh-tokens.ts';

const SESSION_DAYS = 30;
/** The most that an account has: one more ends the oldest. */
const MOST = 100;
/** How many sessions one transaction removes. */
const BATCH = 100;

type Account = Pick<DocOf<typeof User>, '_id' | 'credentialsVersion'>;

/** A new session, and the refresh token that only its client has. */
export interface Opened {
  session: UUID;
  refreshToken: string;
}

/**
 * Opens a session of a user who acts already, in the caller's transaction.
 * @param account as it was when the password was checked
 * @param session its id, made before: the refresh token has it
 */
export async function openSession(
  tx: Ctx,
  { _id: user, credentialsVersion }: Account,
  session: UUID,
): Promise<Opened> {
  const refreshToken = createRefreshToken(session);
  await insert(
    tx,
    Session,
    {
      _id: session,
      user,
      refreshTokenHash: hashText(refreshToken),
      credentialsVersion,
      userAgent: tx.userAgent,
      ip: tx.ip,
    },
    'sign-in',
    { expiresAt: SESSION_DAYS * 24 * 3600 * 1000 },
  );
  return { session, refreshToken };
}

/** Ends the oldest sessions of a user that are more than an account may have beside a new one. */
export async function removeExcess(tx: Ctx, user: UUID, opened: UUID): Promise<void> {
  const sort = { createdAt: -1, _id: -1 } as const;
  const newest = { projection: { _id: 1 }, sort, limit: MOST + BATCH };
  const others = { user, _id: { $ne: opened } };
  const excess = (await findMany(tx, Session, others, newest)).slice(MOST - 1);
  if (excess.length === 0) return;
  const ids = excess.map(({ _id }) => _id);
  const whole = { projection: {}, limit: BATCH };
  const found = await findMany(tx, Session, { _id: { $in: ids } }, whole);
  await takeOut(tx, Session, found, 'delete');
}

/**
 * Removes sessions that are refused already, because the credentials have changed since they began.
 * @returns whether there may be more
 */
export async function removeRefused(ctx: Ctx, user: UUID, limit = BATCH): Promise<boolean> {
  const account = await findOne(
    ctx,
    User,
    { _id: user },
    { projection: { credentialsVersion: 1 } },
  );
  if (!account) return false;
  const refused = { user, credentialsVersion: { $lt: account.credentialsVersion } };
  return transaction(ctx, async (tx) => {
    const found = await findMany(tx, Session, refused, { projection: {}, limit });
    await takeOut(tx, Session, found, 'delete');
    return found.length === limit;
  });
}

/** Whether a session began with the credentials that its account has now. */
export function isCurrent(
  session: Pick<DocOf<typeof Session>, 'credentialsVersion'>,
  account: Pick<Account, 'credentialsVersion'>,
): boolean {
  return session.credentialsVersion === account.credentialsVersion;
}
