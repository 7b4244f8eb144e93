import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne, WHOLE } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError, invalid } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { ringJobs } from '../jobs/queue.ts';
import { takeAccountTry } from './account-tries.ts';
import { denyOtherSessions } from './end-sessions.ts';
import { enqueueMail } from './mail/enqueue-mail.ts';
import { describeNotice } from './mail/notices.ts';
import { checkWanted } from './password-rules.ts';
import { hashPassword, verifyNobody, verifyPassword } from './passwords.ts';
import { settle } from './rate-limit.ts';
import { readPasswordHash } from './read-password-hash.ts';
import { recordSecurityEvent } from './security-events.ts';
import type { UserDoc } from './signed-in.ts';

/**
 * Changes the password of a user and ends every other session. Its tries are counted apart from
 * those of signing in, so that whoever is attacked can always defend the account.
 * @throws AppError INVALID_CREDENTIALS, VALIDATION_FAILED, RATE_LIMITED
 */
export async function changePassword(
  ctx: Ctx,
  id: UUID,
  keep: UUID,
  current: string,
  wanted: string,
): Promise<void> {
  const { user, hashed } = await checkCurrentPassword(ctx, id, keep, current);
  await checkWanted(wanted, 'newPassword', user);
  if (await verifyPassword(hashed, wanted))
    throw invalid([{ path: 'newPassword', message: 'is the current password' }]);
  const hashedPassword = await hashPassword(wanted);
  const { credentialsVersion } = user;
  const set = { hashedPassword, credentialsVersion: credentialsVersion + 1 };
  const jobs = await transaction(ctx, async (tx) => {
    // Of two changes at the same time, one finds the version that it has seen.
    const where = { _id: id, isActive: true, credentialsVersion };
    const changed = await update(tx, User, where, { set }, 'change-password');
    if (!changed) throw new AppError('CONFLICT', 'The account was changed at the same time.');
    const ending = await denyOtherSessions(tx, { _id: id, credentialsVersion }, keep);
    return [ending, await enqueueMail(tx, describeNotice(ctx, 'PASSWORD_CHANGED', user))];
  });
  for (const job of jobs) await ringJobs(ctx, job);
}

/**
 * Checks the password of who is signed in, before something that a stolen session must not do.
 * @throws AppError INVALID_CREDENTIALS, RATE_LIMITED
 */
export async function checkCurrentPassword(
  ctx: Ctx,
  id: UUID,
  session: UUID,
  current: string,
): Promise<{ user: UserDoc; hashed: string }> {
  const user = await findOne(ctx, User, { _id: id }, WHOLE);
  // For each session: a thief's failures do not keep the owner from changing the password.
  const one = await takeAccountTry(ctx, 'change-password', idText(session), id);
  let hashed = '';
  const isRight = await settle([one], async () => {
    hashed = (user && (await readPasswordHash(ctx, user))) ?? '';
    return hashed ? verifyPassword(hashed, current) : verifyNobody(current);
  });
  if (!user || !isRight) {
    await recordSecurityEvent(ctx, 'password-change-failed', id);
    throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
  }
  return { user, hashed };
}
