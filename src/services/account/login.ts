import type { Ctx } from '../../context.ts';
import { decryptField } from '../../data/encrypted-fields.ts';
import { idText, newId } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { readDeviceToken } from './device-tokens.ts';
import { normalizeEmail } from './emails.ts';
import { hashPassword, isOutdated, verifyNobody, verifyPassword } from './passwords.ts';
import { readNetwork, takeTry } from './rate-limit.ts';
import { recordSecurityEvent } from './security-events.ts';
import { openSession, removeExcess } from './sessions.ts';
import { actAs, makeSignedIn, type SignedIn, type UserDoc } from './signed-in.ts';

/** Failures in a quarter of an hour. */
export const PER_ACCOUNT = { most: 10, windowMs: 15 * 60_000 };
const PER_ADDRESS = { most: 100, windowMs: 15 * 60_000 };
/** How long a sign-in waits for others that are under way, in ms. */
const PATIENCE = 10_000;

export type Credentials = {
  /** An email or a username. */
  login: string;
  password: string;
  /** From an earlier sign-in on this device. */
  deviceToken?: string | undefined;
};

/**
 * Signs in by email or username. Attempts are counted before the password is checked, so that
 * parallel ones do not exceed the limit.
 * @throws AppError INVALID_CREDENTIALS (for any reason), RATE_LIMITED
 */
export async function login(ctx: Ctx, given: Credentials): Promise<SignedIn> {
  const { user, counted } = await findAccount(ctx, given);
  const tries = await takeTries(ctx, user, counted);
  const hashed = user && (await decryptField<string>(ctx, User, user, 'hashedPassword'));
  const matches = hashed
    ? await verifyPassword(hashed, given.password)
    : await verifyNobody(given.password);
  if (!user || !hashed || !matches || !user.isActive) {
    for (const one of tries) await one.fail();
    await recordSecurityEvent(ctx, 'sign-in-failed', user?._id);
    throw new AppError('INVALID_CREDENTIALS', 'The login or the password is wrong.');
  }
  await Promise.all(tries.map((one) => one.giveBack()));
  const set = {
    lastLoginAt: new Date(ctx.clock()),
    ...(isOutdated(hashed) && { hashedPassword: await hashPassword(given.password) }),
  };
  // The filter repeats what was checked: if the password is changed or the account suspended
  // meanwhile, there is no new session.
  const { _id, credentialsVersion } = user;
  const where = { _id, isActive: true, credentialsVersion };
  const session = newId(ctx.clock());
  return transaction(actAs(ctx, user, session), async (tx) => {
    const current = await update(tx, User, where, { set }, 'login');
    if (!current)
      throw new AppError('INVALID_CREDENTIALS', 'The account was changed at the same time.');
    const opened = await openSession(tx, { _id, credentialsVersion }, session);
    await removeExcess(tx, _id);
    const isKnown = given.deviceToken && readDeviceToken(given.deviceToken, _id);
    return makeSignedIn(tx, current, opened, isKnown ? given.deviceToken : undefined);
  });
}

/** Counts the attempt for its address and for its account. */
async function takeTries(ctx: Ctx, user: UserDoc | null, counted: string) {
  const patient = { patience: PATIENCE };
  try {
    const address = readNetwork(ctx.ip);
    const from = await takeTry(ctx, 'login-from', address, { ...PER_ADDRESS, ...patient });
    return [from, await takeTry(ctx, 'login-to', counted, { ...PER_ACCOUNT, ...patient })];
  } catch (error) {
    if (user && error instanceof AppError) await recordSecurityEvent(ctx, 'locked-out', user._id);
    throw error;
  }
}

/**
 * The account, and by what its tries are counted. Each way of naming it has a count of its own, as
 * names of nobody have: together they would tell that an email and a username are one account. A
 * device that has signed in before has one, too: strangers cannot use it up.
 */
async function findAccount(
  ctx: Ctx,
  { login, deviceToken }: Credentials,
): Promise<{ user: UserDoc | null; counted: string }> {
  const name = login.normalize('NFKC').replace(UNSEEN, '').toLowerCase();
  const way = name.includes('@') ? 'email' : 'username';
  const user = way === 'email' ? await findByEmail(ctx, name) : await findByUsername(ctx, name);
  if (!user) return { user, counted: `${way} ${name}` };
  const device = deviceToken && readDeviceToken(deviceToken, user._id);
  const id = idText(user._id);
  return { user, counted: device ? `device ${id} ${device}` : `${way} ${id}` };
}

/** What the database does not look at when it compares usernames. */
const UNSEEN = /[\p{C}\p{Z}\p{DI}]/gu;

const WHOLE = { projection: { outbox: 0 } };

async function findByEmail(ctx: Ctx, name: string): Promise<UserDoc | null> {
  const email = normalizeEmail(name);
  return email === undefined ? null : findOne(ctx, User, { email }, WHOLE);
}

function findByUsername(ctx: Ctx, username: string): Promise<UserDoc | null> {
  const collation = { locale: 'en', strength: 2 };
  return findOne(ctx, User, { username }, { ...WHOLE, collation });
}
