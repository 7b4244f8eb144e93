import type { Ctx } from '../../context.ts';
import { decryptField } from '../../data/encrypted-fields.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { update } from '../../data/write.ts';
import { AppError, invalid } from '../../errors.ts';
import { User } from '../../models/account/user.ts';
import { ringJobs } from '../jobs/queue.ts';
import { denyOtherSessions } from './end-sessions.ts';
import { PER_ACCOUNT } from './login.ts';
import { checkWanted } from './password-rules.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { settle, type Try, takeTry } from './rate-limit.ts';
import { recordSecurityEvent } from './security-events.ts';

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
  const one = await takeOne(ctx, id, keep);
  const user = await findOne(ctx, User, { _id: id }, { projection: { outbox: 0 } });
  let hashed = '';
  const isRight = await settle([one], async () => {
    if (!user) return false;
    hashed = (await decryptField<string>(ctx, User, user, 'hashedPassword')) ?? '';
    return verifyPassword(hashed, current);
  });
  if (!user || !isRight) {
    await recordSecurityEvent(ctx, 'password-change-failed', id);
    throw new AppError('INVALID_CREDENTIALS', 'The current password is wrong.');
  }
  await checkWanted(wanted, 'newPassword', user);
  if (await verifyPassword(hashed, wanted))
    throw invalid([{ path: 'newPassword', message: 'is the current password' }]);
  const hashedPassword = await hashPassword(wanted);
  const { credentialsVersion } = user;
  const set = { hashedPassword, credentialsVersion: credentialsVersion + 1 };
  const job = await transaction(ctx, async (tx) => {
    // Of two changes at the same time, one finds the version that it has seen.
    const where = { _id: id, isActive: true, credentialsVersion };
    const changed = await update(tx, User, where, { set }, 'change-password');
    if (!changed) throw new AppError('CONFLICT', 'The account was changed at the same time.');
    return denyOtherSessions(tx, { _id: id, credentialsVersion }, keep);
  });
  await ringJobs(ctx, job);
}

/** Counted for each session: a thief's failures do not keep the owner from changing the password. */
async function takeOne(ctx: Ctx, id: UUID, session: UUID): Promise<Try> {
  try {
    return await takeTry(ctx, 'change-password', idText(session), PER_ACCOUNT);
  } catch (error) {
    await recordSecurityEvent(ctx, 'locked-out', id);
    throw error;
  }
}
