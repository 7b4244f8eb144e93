import { createSecretKey } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import type { DataKey } from '../crypto/data-key.ts';
import { isWithin, type Moment, markMoment } from '../moment.ts';
import { makeWrappedKey, unwrapKey, wrapperInUse } from '../providers/key-wrapping.ts';
import { readBytes } from './bson.ts';
import { databaseTime, insertComputed, isToCome } from './database-time.ts';
import { type Base, type Entity, entityNamed } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, newId, type UUID } from './ids.ts';
import { findOne } from './read.ts';

type StoredKey = Base & { wrapper: string; wrapped: mongo.Binary };

/**
 * How long a key is used to encrypt, in ms: after that a new one is made, and this one only
 * decrypts.
 */
const IN_USE = 90 * 24 * 3600 * 1000;
/**
 * How long a process caches a key, in ms. Revoking the right to use the KMS key takes as long to
 * take effect.
 */
const CACHED = 5 * 60 * 1000;
const MOST = 100;

/** The key that encrypts now: the newest, or a new one. @throws AppError UNREADABLE, UNAVAILABLE */
export async function findNewestDataKey(ctx: Ctx): Promise<DataKey> {
  const found = await readCached('newest', async () => {
    const isYoung = isToCome(ctx, 'createdAt', IN_USE);
    const newest = await findStored(ctx, { wrapper: wrapperInUse(), ...isYoung });
    // A new key is read back from the database, too: nothing is encrypted under one that does not
    // unwrap.
    return findDataKey(ctx, newest?._id ?? (await makeDataKey(ctx)));
  });
  if (!found) throw new Error('The newest data key is gone again.');
  return found;
}

/** A key by its id; null when there is none. @throws AppError UNREADABLE, UNAVAILABLE */
export function findDataKey(ctx: Ctx, id: UUID): Promise<DataKey | null> {
  return readCached(idText(id), async () => {
    const found = await findStored(ctx, { _id: id });
    if (!found) return null;
    const wrapped = { wrapper: found.wrapper, wrapped: readBytes(found.wrapped) };
    const key = createSecretKey(await unwrapKey(idText(id), wrapped));
    return { id: Buffer.from(id.buffer), key };
  });
}

type Found = Promise<DataKey | null>;

const cache = new Map<string, { key: Found; since: Moment }>();

/**
 * Returns the cached key, or looks for it, once for all who ask: a page of documents costs one call
 * of KMS.
 */
function readCached(name: string, look: () => Found): Found {
  const before = cache.get(name);
  if (before && isWithin(before.since, CACHED)) return before.key;
  cache.delete(name);
  if (cache.size >= MOST) cache.delete(cache.keys().next().value as string);
  const entry = { key: look(), since: markMoment() };
  cache.set(name, entry);
  const forget = () => void (cache.get(name) === entry && cache.delete(name));
  // A failure is not cached.
  entry.key.then((key) => key ?? forget(), forget);
  return entry.key;
}

/**
 * The newest key that fits, read outside of the caller's transaction: keys stay when that is rolled
 * back.
 */
function findStored(ctx: Ctx, filter: TypedFilter): Promise<StoredKey | null> {
  const keys = entityNamed('DataKey') as Entity<StoredKey>;
  return findOne({ ...ctx, session: undefined }, keys, filter, { sort: { _id: -1 } });
}

/**
 * Two processes may each make one at the same time: both keys decrypt, and the newer one encrypts.
 */
async function makeDataKey(ctx: Ctx): Promise<UUID> {
  const id = newId(ctx.clock());
  const { wrapper, wrapped } = await makeWrappedKey(idText(id));
  const document = { _id: id, wrapper, wrapped: Buffer.from(wrapped), version: 1 };
  const now = databaseTime(ctx);
  const times = { createdAt: now, updatedAt: now };
  await insertComputed(entityNamed('DataKey').collection, document, times);
  return id;
}
