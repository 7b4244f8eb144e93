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
import { openSession } from './sessions.ts';
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
  const { signedIn, job } = await transaction(ctx, async (tx) => {
    const values = { _id, ...profile, hashedPassword, isActive: true, isAdmin: false };
    const user = await insert(tx, User, values, 'register');
    await insert(tx, UserSettings, { user: user._id });
    const mail = { kind: 'VERIFY_EMAIL', to: user.email, user: user._id } as const;
    return { job: await enqueueMail(tx, mail), signedIn: await signIn(tx, user) };
  });
  await ringJobs(ctx, job);
  return signedIn;
}

async function signIn(ctx: Ctx, user: UserDoc): Promise<SignedIn> {
  const session = newId(ctx.clock());
  const opened = await openSession(actAs(ctx, user, session), user, session);
  return { ...makeSignedIn(ctx, user, opened), deviceToken: createDeviceToken(user._id) };
}
