import { createSecretKey, randomBytes } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import type { DataKey } from '../crypto/data-key.ts';
import { isWithin, type Moment, markMoment } from '../moment.ts';
import { loadKey, storeKey } from '../providers/key-store.ts';
import {
  makeWrappedKey,
  unwrapKey,
  type WrappedKey,
  wrapperInUse,
} from '../providers/key-wrapping.ts';
import { readBytes } from './bson.ts';
import { databaseTime, insertComputed } from './database-time.ts';
import { type Base, type Entity, entityNamed } from './entity.ts';
import type { TypedFilter } from './filter.ts';
import { idText, newId, UUID } from './ids.ts';
import { findMany, findOne } from './read.ts';

/** Whose data a key encrypts: the id of a user as text, or `STAGE`. */
export type Subject = string;

/** What belongs to no user is under the stage's own keys. */
export const STAGE: Subject = 'stage';

type StoredKey = Base & {
  subject?: Subject | null;
  wrapper: string;
  wrapped?: mongo.Binary | null;
  endedAt?: Date | null;
  forgottenAt?: Date | null;
};

/**
 * How long a key is used to encrypt, in ms: after that a new one is made, and this one only
 * decrypts.
 */
export const IN_USE = 90 * 24 * 3600 * 1000;
/**
 * How long a process caches a key, in ms. Revoking the right to use the KMS key takes as long to
 * take effect, and so does forgetting a key.
 */
export const CACHED = 5 * 60 * 1000;
/** So many keys a process caches: one for each user whom it serves. */
const MOST = 5000;
/** More keys than a subject ever has at a time. */
const MOST_OF_ONE = 100;

/**
 * The key that encrypts a subject's data now: its newest, or a new one. For a subject that was forgotten it
 * is one that nobody will ever have again: what is still written about it is unreadable from the start.
 * @throws AppError UNREADABLE, UNAVAILABLE
 */
export async function findCurrentKey(ctx: Ctx, subject: Subject): Promise<DataKey> {
  const found = await readCached(`current ${subject}`, () => lookForCurrent(ctx, subject));
  if (!found) throw new Error('The newest data key is gone again.');
  return found;
}

/** A key of a subject by its id; null when there is none. @throws AppError UNREADABLE, UNAVAILABLE */
export function findDataKey(ctx: Ctx, subject: Subject, id: UUID): Promise<DataKey | null> {
  return readCached(`${subject} ${idText(id)}`, async () => {
    const own = await loadKey(nameObject(subject, id));
    if (own) return unwrap(id, own, subject);
    const shared = await findShared(ctx, id);
    return shared && unwrap(id, shared);
  });
}

/** Where the wrapped keys of a subject are in the bucket of keys. */
export function nameFolder(subject: Subject): string {
  return subject === STAGE ? `${STAGE}/` : `users/${subject}/`;
}

/** Where one wrapped key is. */
export function nameObject(subject: Subject, id: UUID): string {
  return nameFolder(subject) + idText(id);
}

/** The entity of keys, without its module: models import what imports this. */
function keys(): Entity<StoredKey> {
  return entityNamed('DataKey') as Entity<StoredKey>;
}

/** Forgets what this process caches. */
export function dropCachedKeys(subject: Subject): void {
  for (const name of cache.keys()) {
    if (name === `current ${subject}` || name.startsWith(`${subject} `)) cache.delete(name);
  }
}

async function lookForCurrent(ctx: Ctx, subject: Subject): Promise<DataKey | null> {
  const known = await findKeysOf(ctx, subject);
  if (known.some(({ forgottenAt }) => forgottenAt)) return makeThrowaway();
  const wrapper = wrapperInUse();
  const newest = known.find((key) => key.isYoung && !key.endedAt && key.wrapper === wrapper);
  const current = newest && (await findDataKey(ctx, subject, newest._id));
  if (current) return current;
  // As of a user who was forgotten since the backup was made that this database is from: what is written about
  // him now needs a key, and what was encrypted under the former one opens nowhere all the same.
  if (newest)
    ctx.log.error('A data key is missing; a new one is made.', { key: newest._id, subject });
  const id = await makeDataKey(ctx, subject);
  // Whoever comes second, this or a call to forget the subject, sees the other: `forget.ts`.
  const since = await findKeysOf(ctx, subject);
  if (since.some(({ forgottenAt }) => forgottenAt)) return makeThrowaway();
  // A new key is read back, too: nothing is encrypted under one that does not unwrap.
  return findDataKey(ctx, subject, id);
}

/**
 * The keys of a subject, the newest first, read outside of the caller's transaction: keys stay when that is
 * rolled back.
 */
function findKeysOf(ctx: Ctx, subject: Subject): Promise<(StoredKey & { isYoung?: boolean })[]> {
  const isYoung = { $gt: ['$createdAt', databaseTime(ctx, -IN_USE)] };
  return findMany(
    { ...ctx, session: undefined },
    keys(),
    { subject },
    {
      projection: { wrapper: 1, endedAt: 1, forgottenAt: 1, isYoung },
      sort: { _id: -1 },
      limit: MOST_OF_ONE,
    },
  );
}

/** A key of before, when all users shared keys, which were in the database. */
async function findShared(ctx: Ctx, id: UUID): Promise<WrappedKey | null> {
  const filter: TypedFilter = { _id: id, wrapped: { $exists: true } };
  const found = await findOne({ ...ctx, session: undefined }, keys(), filter);
  return found?.wrapped ? { wrapper: found.wrapper, wrapped: readBytes(found.wrapped) } : null;
}

async function unwrap(id: UUID, wrapped: WrappedKey, subject?: Subject): Promise<DataKey> {
  const name = { id: idText(id), ...(subject && { subject }) };
  return { id: Buffer.from(id.buffer), key: createSecretKey(await unwrapKey(name, wrapped)) };
}

/**
 * First into the bucket, so that what the database knows can be loaded. Two processes may each make one at
 * the same time: both keys decrypt, and the newer one encrypts.
 */
async function makeDataKey(ctx: Ctx, subject: Subject): Promise<UUID> {
  const id = newId(ctx.clock());
  const wrapped = await makeWrappedKey({ id: idText(id), subject });
  await storeKey(nameObject(subject, id), wrapped);
  const now = databaseTime(ctx);
  const document = { _id: id, subject, wrapper: wrapped.wrapper, version: 1 };
  await insertComputed(keys().collection, document as never, { createdAt: now, updatedAt: now });
  return id;
}

const makeThrowaway = (): DataKey => ({
  id: Buffer.from(new UUID().buffer),
  key: createSecretKey(randomBytes(32)),
});

type Found = Promise<DataKey | null>;

const cache = new Map<string, { key: Found; since: Moment }>();

/**
 * Returns the cached key, or looks for it, once for all who ask: a page of documents costs one call
 * of KMS for each owner.
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
