import { setTimeout } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { removeUnseen } from '../../data/characters.ts';
import { idText, newId } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { ringJobs } from '../jobs/queue.ts';
import { QUARTER, takeAccountTry } from './account-tries.ts';
import { createDeviceToken, readDeviceToken, signDeviceToken } from './device-tokens.ts';
import { normalizeEmail } from './emails.ts';
import { enqueueMail, postMail } from './mail/enqueue-mail.ts';
import { takeNotice } from './mail/notices.ts';
import { hashPassword, isOutdated, verifyNobody, verifyPassword } from './passwords.ts';
import { readNetwork, settle, type Try, takeTry } from './rate-limit.ts';
import { readPasswordHash } from './read-password-hash.ts';
import { recordSecurityEvent } from './security-events.ts';
import { openSession, removeExcess } from './sessions.ts';
import { actAs, makeSignedIn, type SignedIn, type UserDoc } from './signed-in.ts';

/** Failures in a quarter of an hour. */
const PER_ADDRESS = { most: 100, windowMs: QUARTER, settled: true };
/** Of all devices of an account together. */
const ALL_DEVICES = { most: 50, windowMs: QUARTER, settled: true };
/** How long a sign-in waits for others that are under way, in ms. */
const PATIENCE = 10_000;
/** Refusals are answered at multiples of this time, in ms, after their request: one is enough for all of it. */
const REFUSAL_STEP = 500;

export type Credentials = {
  /** An email or a username. */
  login: string;
  password: string;
  /** From an earlier sign-in on this device. */
  deviceToken?: string | undefined;
};

/**
 * Signs in by email or username. Attempts are counted before the password is checked, so that
 * parallel ones do not exceed the limit. A refusal takes as long, and as many queries and hashes, whether
 * there is such an account or not.
 * @throws AppError INVALID_CREDENTIALS (for any reason), RATE_LIMITED
 */
export async function login(ctx: Ctx, given: Credentials): Promise<SignedIn> {
  const begun = performance.now();
  try {
    return await signIn(ctx, given);
  } catch (error) {
    // An account has a hash to decrypt, whose key may be far away, and nobody has: that must not show.
    const elapsed = performance.now() - begun;
    await setTimeout(REFUSAL_STEP - (elapsed % REFUSAL_STEP));
    throw error;
  }
}

async function signIn(ctx: Ctx, given: Credentials): Promise<SignedIn> {
  const account = await findAccount(ctx, given);
  const { user, device } = account;
  const tries = await takeTries(ctx, account);
  let hashed = '';
  const isRight = await settle(tries, async () => {
    hashed = (user && (await readPasswordHash(ctx, user))) ?? '';
    // Who was forgotten is nobody, too.
    if (!user || !hashed) return verifyNobody(given.password);
    return (await verifyPassword(hashed, given.password)) && user.isActive;
  });
  if (!user || !isRight) {
    await recordSecurityEvent(ctx, 'sign-in-failed', user?._id ?? account.counted);
    throw new AppError('INVALID_CREDENTIALS', 'The login or the password is wrong.');
  }
  const set = {
    lastLoginAt: new Date(ctx.clock()),
    ...(isOutdated(hashed) && { hashedPassword: await hashPassword(given.password) }),
  };
  // The filter repeats what was checked: if the password is changed or the account suspended
  // meanwhile, there is no new session.
  const { _id, credentialsVersion } = user;
  const where = { _id, isActive: true, credentialsVersion };
  const session = newId(ctx.clock());
  const notice = device ? undefined : await takeNotice(ctx, 'NEW_DEVICE', user);
  const { signedIn, job } = await transaction(actAs(ctx, user, session), async (tx) => {
    const current = await update(tx, User, where, { set }, 'login');
    if (!current)
      throw new AppError('INVALID_CREDENTIALS', 'The account was changed at the same time.');
    const opened = await openSession(tx, { _id, credentialsVersion }, session);
    await removeExcess(tx, _id, session);
    const signedIn = {
      ...makeSignedIn(tx, current, opened),
      deviceToken: device ? signDeviceToken(_id, device) : createDeviceToken(_id),
    };
    return { signedIn, job: notice && (await enqueueMail(tx, notice)) };
  });
  if (job) await ringJobs(ctx, job);
  return signedIn;
}

/** Who signs in, and by what tries are counted. */
interface Account {
  user: UserDoc | null;
  counted: string;
  device: string | undefined;
}

/** Counts the attempt: for a device that has signed in before, or for its address and the account. */
async function takeTries(ctx: Ctx, { user, counted, device }: Account): Promise<Try[]> {
  const until = performance.now() + PATIENCE;
  const wait = () => until - performance.now();
  const first =
    user && device
      ? await takeTry(ctx, 'login-devices', idText(user._id), { ...ALL_DEVICES, patience: wait() })
      : await takeTry(ctx, 'login-from', readNetwork(ctx.ip), { ...PER_ADDRESS, patience: wait() });
  try {
    return [first, await takeAccountTry(ctx, 'login-to', counted, user?._id, wait())];
  } catch (error) {
    await first.fail();
    const isLocked = error instanceof AppError && error.code === 'RATE_LIMITED';
    const notice = isLocked && (await takeNotice(ctx, 'ACCOUNT_LOCKED', user ?? counted));
    if (notice) await postMail(ctx, notice);
    throw error;
  }
}

/**
 * The account, and by what its tries are counted. Each way of naming it has a count of its own, as
 * names of nobody have: together they would tell that an email and a username are one account. A
 * device that has signed in before has one, too: strangers cannot use it up.
 */
async function findAccount(ctx: Ctx, { login, deviceToken }: Credentials): Promise<Account> {
  // The database does not look at them either when it compares usernames.
  const name = removeUnseen(login.normalize('NFKC')).toLowerCase();
  const way = name.includes('@') ? 'email' : 'username';
  const known = way === 'email' ? (normalizeEmail(name) ?? name) : name;
  const user = way === 'email' ? await findByEmail(ctx, known) : await findByUsername(ctx, known);
  if (!user) return { user, counted: `${way} ${known}`, device: undefined };
  const device = deviceToken ? readDeviceToken(deviceToken, user._id) : undefined;
  const id = idText(user._id);
  return { user, device, counted: device ? `device ${id} ${device}` : `${way} ${id}` };
}

function findByEmail(ctx: Ctx, email: string): Promise<UserDoc | null> {
  return findOne(ctx, User, { email }, WHOLE);
}

function findByUsername(ctx: Ctx, username: string): Promise<UserDoc | null> {
  const collation = { locale: 'en', strength: 2 };
  return findOne(ctx, User, { username }, { ...WHOLE, collation });
}
