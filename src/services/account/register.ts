import { config } from '../../config.ts';
import type { Ctx } from '../../context.ts';
import { findCurrentKey } from '../../data/data-keys.ts';
import { idText, newId } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { insert } from '../../data/write.ts';
import { User } from '../../models/account/user.ts';
import { UserSettings } from '../../models/account/user-settings.ts';
import { ringJobs } from '../jobs/queue.ts';
import { createDeviceToken } from './device-tokens.ts';
import { enqueueMail } from './mail/enqueue-mail.ts';
import { checkWanted } from './password-rules.ts';
import { hashPassword } from './passwords.ts';
import { readNetwork, takeTry } from './rate-limit.ts';
import { type Opened, openSession } from './sessions.ts';
import { actAs, makeSignedIn, type SignedIn, type UserDoc } from './signed-in.ts';

const MINUTE = 60_000;

export type Registration = {
  email: string;
  username: string;
  password: string;
  displayName?: string;
};

/**
 * Creates an account with its settings, and signs in. A mail asks to confirm the address.
 * @throws AppError DUPLICATE, VALIDATION_FAILED, RATE_LIMITED
 */
export async function register(ctx: Ctx, it: Registration): Promise<SignedIn> {
  const limit = { most: config.registrationsPerMinute, windowMs: MINUTE };
  await takeTry(ctx, 'register', readNetwork(ctx.ip), limit);
  // An earlier attempt of this request crashed before it answered: the account exists already.
  const { promisedId } = ctx;
  const made = promisedId && (await findOne(ctx, User, { _id: promisedId, isActive: true }, WHOLE));
  if (made) return signIn(ctx, made);
  const { password, ...profile } = it;
  await checkWanted(password, 'password', profile);
  const hashedPassword = await hashPassword(password);
  const _id = promisedId ?? newId(ctx.clock());
  // The key of the account is made once, and not within the transaction, which may run more than once.
  await findCurrentKey(ctx, idText(_id));
  const account = { _id, isActive: true, isAdmin: false, credentialsVersion: 1 };
  const { user, opened, job } = await transaction({ ...ctx, promisedId: undefined }, async (tx) => {
    await insert(tx, UserSettings, { user: _id });
    const mail = { kind: 'VERIFY_EMAIL', to: profile.email, user: _id } as const;
    const job = await enqueueMail(tx, mail);
    const opened = await openNew(tx, account);
    // The account comes last: an address that is taken costs as many queries as one that is not.
    const user = await insert(tx, User, { ...profile, ...account, hashedPassword }, 'register');
    return { user, opened, job };
  });
  await ringJobs(ctx, job);
  return complete(ctx, user, opened);
}

async function signIn(ctx: Ctx, user: UserDoc): Promise<SignedIn> {
  return complete(ctx, user, await openNew(ctx, user));
}

type Account = Pick<UserDoc, '_id' | 'isAdmin' | 'credentialsVersion'>;

function openNew(ctx: Ctx, account: Account): Promise<Opened> {
  const session = newId(ctx.clock());
  return openSession(actAs(ctx, account, session), account, session);
}

function complete(ctx: Ctx, user: UserDoc, opened: Opened): SignedIn {
  return { ...makeSignedIn(ctx, user, opened), deviceToken: createDeviceToken(user._id) };
}
