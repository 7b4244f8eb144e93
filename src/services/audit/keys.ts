import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { makeSigningKey } from '../../crypto/ed25519.ts';
import { deriveBytes } from '../../crypto/hkdf.ts';
import { readBytes } from '../../data/bson.ts';
import { isToCome } from '../../data/database-time.ts';
import type { Base } from '../../data/entity.ts';
import { idText, newId, type UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { AuditKey } from '../../models/audit/audit-key.ts';
import { isWithin, type Moment, markMoment } from '../../moment.ts';
import {
  type KeyName,
  makeWrappedKey,
  unwrapKey,
  wrapperInUse,
} from '../../providers/key-wrapping.ts';

/** What signs the audit log. The database has it encrypted alone, and never sees it. */
export interface SigningKey {
  id: UUID;
  /** Of HMAC-SHA-256. */
  entries: KeyObject;
  /** Of Ed25519. */
  checkpoints: KeyObject;
}

type StoredKey = Base & { wrapper: string; wrapped: Parameters<typeof readBytes>[0] };

/** In ms: then a new key signs, and this one only verifies. */
const IN_USE = 365 * 24 * 3600 * 1000;
/** In ms. */
const CACHED = 5 * 60 * 1000;

let newest: { key: Promise<SigningKey>; since: Moment } | undefined;
const opened = new Map<string, Promise<SigningKey>>();

/** The key that signs now, or a new one. @throws AppError UNREADABLE, UNAVAILABLE */
export function findNewestKey(ctx: Ctx): Promise<SigningKey> {
  if (newest && isWithin(newest.since, CACHED)) return newest.key;
  const look = { key: openNewest(ctx), since: markMoment() };
  newest = look;
  // A failure is not cached.
  look.key.catch(() => {
    if (newest === look) newest = undefined;
  });
  return look.key;
}

/** A key by its id; null when there is none that opens. @throws AppError UNAVAILABLE */
export async function findKey(ctx: Ctx, id: UUID): Promise<SigningKey | null> {
  const known = opened.get(idText(id));
  if (known) return known;
  const found = await findOne(ctx, AuditKey, { _id: id });
  if (!found) return null;
  try {
    return await open(found as StoredKey);
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNREADABLE') return null;
    throw error;
  }
}

async function openNewest(ctx: Ctx): Promise<SigningKey> {
  const isYoung = isToCome(ctx, 'createdAt', IN_USE);
  const found = await findOne(
    { ...ctx, session: undefined },
    AuditKey,
    { wrapper: wrapperInUse(), ...isYoung },
    { sort: { _id: -1 } },
  );
  // A new key is read back from the database: nothing is signed by one that does not unwrap.
  const id = found?._id ?? (await makeKey(ctx));
  const key = await findKey(ctx, id);
  if (!key) throw new AppError('UNREADABLE', 'The key of the audit log cannot be used.');
  return key;
}

/** Two processes may each make one at the same time: both verify, and the newer one signs. */
async function makeKey(ctx: Ctx): Promise<UUID> {
  const now = new Date(ctx.clock());
  const id = newId(now.getTime());
  const { wrapper, wrapped } = await makeWrappedKey(nameKey(id));
  const times = { createdAt: now, updatedAt: now };
  const document = { _id: id, wrapper, wrapped: Buffer.from(wrapped), ...times, version: 1 };
  await AuditKey.collection.insertOne(document);
  return id;
}

function open({ _id, wrapper, wrapped }: StoredKey): Promise<SigningKey> {
  const key = unwrapKey(nameKey(_id), { wrapper, wrapped: readBytes(wrapped) }).then((bytes) => ({
    id: _id,
    entries: createSecretKey(deriveBytes(bytes, '', 'audit entries', 32)),
    checkpoints: makeSigningKey(deriveBytes(bytes, '', 'audit checkpoints', 32)),
  }));
  opened.set(idText(_id), key);
  key.catch(() => opened.delete(idText(_id)));
  return key;
}

/** KMS binds it to the key. Roles that may open others, but not these, know them by the word in front. */
function nameKey(id: UUID): KeyName {
  return { id: `audit ${idText(id)}` };
}
