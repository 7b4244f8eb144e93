import type { Ctx } from '../../context.ts';
import { hashText } from '../../crypto/hash.ts';
import { databaseTime, upsertCommon } from '../../data/database-time.ts';
import { newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { RateCount } from '../../models/account/rate-count.ts';
import { User } from '../../models/account/user.ts';

const ADMINS = { isAdmin: true, isActive: true };
const DAY = 24 * 3600_000;

/**
 * Refuses, in the caller's transaction, to take an administrator away of whom there is no other.
 * @throws AppError INVALID_STATE
 */
export async function keepAnAdmin(tx: Ctx, user: UUID): Promise<void> {
  const projection = { projection: { _id: 1 } };
  if (!(await findOne(tx, User, { ...ADMINS, _id: user }, projection))) return;
  await takeTurns(tx);
  if (await findOne(tx, User, { ...ADMINS, _id: { $ne: user } }, projection)) return;
  const message = 'The last administrator can neither be demoted nor suspended.';
  throw new AppError('INVALID_STATE', message);
}

/** Whether there is such an account, and it is not switched off. */
export async function isStanding(ctx: Ctx, _id: UUID): Promise<boolean> {
  return (await findOne(ctx, User, { _id, isActive: true }, { projection: { _id: 1 } })) !== null;
}

/** Of two administrators who take each other's rights at once, one comes after the other. */
async function takeTurns(tx: Ctx): Promise<void> {
  const values = {
    ...upsertCommon(tx, newId(tx.clock())),
    count: { $add: [{ $ifNull: ['$count', 0] }, 1] },
    expiresAt: databaseTime(tx, DAY),
  };
  // Written by both, so that their transactions conflict.
  await RateCount.collection.updateOne({ key: hashText('administrators') }, [{ $set: values }], {
    upsert: true,
    ...(tx.session && { session: tx.session }),
  });
}
