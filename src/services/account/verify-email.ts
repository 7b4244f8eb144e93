import type { Ctx } from '../../context.ts';
import type { UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { User } from '../../models/account/user.ts';
import { ringJobs } from '../jobs/queue.ts';
import { checkCurrentPassword } from './change-password.ts';
import { confirmAddress } from './confirm-address.ts';
import { AWAITED, enqueueMail, postMail } from './mail/enqueue-mail.ts';
import { limitMailsTo } from './mail/limit-mails.ts';
import { describeNotice } from './mail/notices.ts';
import { makeRefusal, readMailToken } from './mail-tokens.ts';

/**
 * Asks for a mail by which a user confirms an address: a new one, which is theirs once it is
 * confirmed, or once more their own. Whether somebody else has it, the answer does not tell.
 * @throws AppError INVALID_CREDENTIALS, RATE_LIMITED
 */
export async function requestEmail(
  ctx: Ctx,
  { id, session }: { id: UUID; session: UUID },
  email: string,
  password: string,
): Promise<void> {
  const { user } = await checkCurrentPassword(ctx, id, session, password);
  await limitMailsTo(ctx, email);
  const details = { credentialsVersion: user.credentialsVersion };
  await postMail(ctx, { kind: 'VERIFY_EMAIL', to: email, user: id, details, priority: AWAITED });
}

/**
 * Confirms the address that a token was sent to. If it is not the one of the account, it becomes that,
 * and the former is told.
 * @throws AppError INVALID_TOKEN; DUPLICATE when somebody else has the address by now
 */
export async function verifyEmail(ctx: Ctx, token: string): Promise<void> {
  const { user: _id, address, ...known } = await readMailToken(ctx, 'VERIFY_EMAIL', token);
  const user = await findOne(ctx, User, { _id, isActive: true }, WHOLE);
  if (!user) throw makeRefusal();
  const isNew = user.email !== address;
  // Who has changed the password since then may have done so because a stranger asked for this.
  const { credentialsVersion } = known;
  const where = { _id, isActive: true, email: user.email, ...(isNew && { credentialsVersion }) };
  const set = isNew ? { email: address } : {};
  const confirmation = { purpose: 'VERIFY_EMAIL', token, address, user, where, set } as const;
  const job = await confirmAddress(ctx, { ...confirmation, action: 'verify-email' }, async (tx) =>
    isNew ? enqueueMail(tx, describeNotice(ctx, 'EMAIL_CHANGED', user)) : undefined,
  );
  if (job) await ringJobs(ctx, job);
}
