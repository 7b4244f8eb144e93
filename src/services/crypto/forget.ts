import type { Ctx } from '../../context.ts';
import { makeAuditEntry, makeLooseEvent } from '../../data/audit.ts';
import { dropCachedKeys, nameFolder, type Subject } from '../../data/data-keys.ts';
import { databaseTime, insertComputed } from '../../data/database-time.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { User } from '../../models/account/user.ts';
import { LooseEvent } from '../../models/audit/loose-event.ts';
import { DataKey } from '../../models/crypto/data-key.ts';
import { destroyKeys } from '../../providers/key-store.ts';
import { requestAppend } from '../audit/chain.ts';

/** Written where keys name what wraps them: it wraps none. */
const NONE = 'none';

/** What was destroyed. */
export interface Forgotten {
  subject: Subject;
  keys: number;
}

/**
 * Destroys all keys of a user (crypto-shredding): what they encrypted is unreadable from now on, in backups of
 * the database, too; in other processes once they have dropped the key, within five minutes. It may be done
 * again. First it is written that there shall be no new key: whoever makes one at the same time looks again
 * after that, and uses none.
 * @throws Error while something may still be encrypted under the shared keys of before
 */
export async function forgetUser(ctx: Ctx, user: UUID): Promise<Forgotten> {
  const subject = idText(user);
  await refuseShared(ctx);
  await forbidNewKeys(ctx, subject);
  const keys = await destroyKeys(nameFolder(subject));
  dropCachedKeys(subject);
  if (keys > 0) await recordForgetting(ctx, user, keys);
  return { subject, keys };
}

async function refuseShared(ctx: Ctx): Promise<void> {
  const shared = { subject: null, wrapped: { $exists: true } };
  if (!(await findOne(ctx, DataKey, shared, { projection: { _id: 1 } }))) return;
  throw new Error(
    'Some of it may be under a shared key of before: run "npm run keys -- renew" first.',
  );
}

async function forbidNewKeys(ctx: Ctx, subject: Subject): Promise<void> {
  const now = databaseTime(ctx);
  const forgotten = { subject, forgottenAt: { $exists: true } };
  if (await findOne(ctx, DataKey, forgotten, { projection: { _id: 1 } })) return;
  const mark = { _id: newId(ctx.clock()), subject, wrapper: NONE, version: 1 };
  const times = { createdAt: now, updatedAt: now, forgottenAt: now };
  await insertComputed(DataKey.collection, mark as never, times);
}

async function recordForgetting(ctx: Ctx, user: UUID, keys: number): Promise<void> {
  const changes = [{ path: 'keys', before: keys, after: 0 }];
  const account = { _id: user } as Parameters<typeof makeLooseEvent>[1];
  const event = makeLooseEvent(User, account, makeAuditEntry(ctx, 'forget-keys', changes));
  await LooseEvent.collection.insertOne(event);
  await requestAppend(ctx);
}
