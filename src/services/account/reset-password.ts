import type { Ctx } from '../../context.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { User } from '../../models/account/user.ts';
import { ringJobs } from '../jobs/queue.ts';
import { QUARTER } from './account-tries.ts';
import { confirmAddress } from './confirm-address.ts';
import { denySessions } from './end-sessions.ts';
import { AWAITED, enqueueMail, postMail } from './mail/enqueue-mail.ts';
import { limitMailsTo } from './mail/limit-mails.ts';
import { describeNotice } from './mail/notices.ts';
import { makeRefusal, readMailToken } from './mail-tokens.ts';
import { checkWanted } from './password-rules.ts';
import { hashPassword } from './passwords.ts';
import { readNetwork, takeTry } from './rate-limit.ts';

/** Requests of a network in a quarter of an hour. */
const PER_NETWORK = { most: 50, windowMs: QUARTER };

/**
 * Asks for a mail by which the password can be reset. It does the same, and takes as long, whether there
 * is such an account or not: the job that sends the mail looks for it.
 * @throws AppError RATE_LIMITED
 */
export async function requestPasswordReset(ctx: Ctx, email: string): Promise<void> {
  await takeTry(ctx, 'reset-password', readNetwork(ctx.ip), PER_NETWORK);
  await limitMailsTo(ctx, email);
  await postMail(ctx, { kind: 'RESET_PASSWORD', to: email, priority: AWAITED });
}

/**
 * Sets a new password by the token of a mail, and ends every session. The address is thereby
 * confirmed.
 * @throws AppError INVALID_TOKEN, VALIDATION_FAILED
 */
export async function resetPassword(ctx: Ctx, token: string, wanted: string): Promise<void> {
  const { user: _id, address, ...known } = await readMailToken(ctx, 'RESET_PASSWORD', token);
  const { credentialsVersion } = known;
  // A change of password, of address or of standing since then makes the token worthless.
  const where = { _id, email: address, credentialsVersion, isActive: true };
  const user = await findOne(ctx, User, where, WHOLE);
  if (!user) throw makeRefusal();
  await checkWanted(wanted, 'password', user);
  const set = { hashedPassword: await hashPassword(wanted) };
  const confirmation = { purpose: 'RESET_PASSWORD', token, address, user, where, set } as const;
  const jobs = await confirmAddress(
    ctx,
    { ...confirmation, action: 'reset-password' },
    async (tx) => {
      const ending = await denySessions(tx, _id);
      return [ending, await enqueueMail(tx, describeNotice(ctx, 'PASSWORD_CHANGED', user))];
    },
  );
  for (const job of jobs) await ringJobs(ctx, job);
}
