import type { Ctx } from '../../context.ts';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { hashText } from '../../crypto/hash.ts';
import { signHmac } from '../../crypto/hmac.ts';
import { makeAuditEntry, makeLooseEvent } from '../../data/audit.ts';
import { databaseTime, hasCome, upsertCommon } from '../../data/database-time.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { transaction } from '../../data/transaction.ts';
import { RateCount } from '../../models/account/rate-count.ts';
import { User } from '../../models/account/user.ts';
import { EventFold } from '../../models/audit/event-fold.ts';
import { LooseEvent } from '../../models/audit/loose-event.ts';
import { requestAppend } from '../audit/chain.ts';
import { readNetwork } from './rate-limit.ts';

const WINDOW = 15 * 60_000;
/** So many of a window are told one by one. */
const MOST_TOLD = 10;
const BATCH = 100;

/** What happened to an account without changing it. */
type SecurityEvent = 'sign-in-failed' | 'locked-out' | 'password-change-failed' | 'refresh-reused';

/**
 * Records that somebody has tried in vain: in the audit log of the account, if there is one, and in
 * the log of the function, without addresses. After the tenth of its kind in a quarter of an hour they are only
 * counted; `tellFolded` tells their number when it has passed.
 * @param whom the account, or the name that was tried and is nobody’s
 */
export async function recordSecurityEvent(
  ctx: Ctx,
  action: SecurityEvent,
  whom: UUID | string,
): Promise<void> {
  const user = typeof whom === 'string' ? undefined : whom;
  ctx.log.warn('Security event.', {
    action,
    from: nameNetwork(ctx.ip),
    ...(user && { user: idText(user) }),
  });
  const isTold = await (user
    ? recordForAccount(ctx, action, user)
    : recordForNobody(ctx, `${action}\n${whom}`));
  if (isTold) await requestAppend(ctx);
}

async function recordForAccount(ctx: Ctx, action: SecurityEvent, user: UUID): Promise<boolean> {
  if ((await countEvent(ctx, action, user)) > MOST_TOLD) return false;
  await insertEvent(ctx, action, user);
  return true;
}

/** As many writes as for an account, to a row that expires: how much is done does not tell which names there are. */
async function recordForNobody(ctx: Ctx, what: string): Promise<boolean> {
  const key = hashText(`nobody\n${what}`);
  const values = {
    ...upsertCommon(ctx, newId(ctx.clock())),
    count: { $add: [{ $ifNull: ['$count', 0] }, 1] },
    expiresAt: { $ifNull: ['$expiresAt', databaseTime(ctx, WINDOW)] },
  };
  const row = await RateCount.collection.findOneAndUpdate({ key }, [{ $set: values }], {
    upsert: true,
    returnDocument: 'after',
  });
  if ((row?.count as number) > MOST_TOLD) return false;
  await RateCount.collection.updateOne({ key }, [{ $set: { countedAt: databaseTime(ctx) } }]);
  return true;
}

const networkKeys = deriveAppKeys('networks in logs');

/** A name for a network by which lines of a log are found that tell of the same; the log has no addresses. */
function nameNetwork(ip: string | undefined): string {
  return signHmac(networkKeys.current(), readNetwork(ip)).toString('base64url').slice(0, 10);
}

async function countEvent(ctx: Ctx, action: SecurityEvent, account: UUID): Promise<number> {
  const values = {
    ...upsertCommon(ctx, newId(ctx.clock())),
    account,
    action: { $literal: action },
    count: { $add: [{ $ifNull: ['$count', 0] }, 1] },
    endsAt: { $ifNull: ['$endsAt', databaseTime(ctx, WINDOW)] },
  };
  const row = await EventFold.collection.findOneAndUpdate(
    { key: hashText(`${action}\n${idText(account)}`) },
    [{ $set: values }],
    { upsert: true, returnDocument: 'after' },
  );
  return row?.count as number;
}

/** Tells, of each window that has passed, how many events were only counted. Returns how many it told. */
export async function tellFolded(ctx: Ctx): Promise<number> {
  let told = 0;
  for (;;) {
    const passed = hasCome(ctx, 'endsAt');
    const found = await findMany(ctx, EventFold, passed, { sort: { endsAt: 1 }, limit: BATCH });
    for (const { _id, action, account, count } of found) {
      const isTold = await transaction(ctx, async (tx) => {
        const session = tx.session && { session: tx.session };
        // What came in between is told a minute later.
        const { deletedCount } = await EventFold.collection.deleteOne({ _id, count }, session);
        if (deletedCount === 0 || count <= MOST_TOLD) return false;
        await insertEvent(tx, action as SecurityEvent, account, count - MOST_TOLD);
        return true;
      });
      if (isTold) told++;
    }
    if (found.length < BATCH) return told;
  }
}

async function insertEvent(
  ctx: Ctx,
  action: SecurityEvent,
  user: UUID,
  count?: number,
): Promise<void> {
  const changes = count === undefined ? [] : [{ path: 'count', before: null, after: count }];
  const account = { _id: user } as Parameters<typeof makeLooseEvent>[1];
  const event = makeLooseEvent(User, account, makeAuditEntry(ctx, action, changes));
  await LooseEvent.collection.insertOne(event, { ...(ctx.session && { session: ctx.session }) });
}
