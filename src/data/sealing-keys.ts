import { createSecretKey, type KeyObject } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Ctx } from '../context.ts';
import { newKey, unwrapKey, wrapper } from '../providers/vault.ts';
import { within } from './deadlines.ts';
import { type Base, type Entity, entityNamed } from './entity.ts';
import { idText, newId, type UUID } from './ids.ts';
import { findOne } from './read.ts';

/** A key in clear, and the id under which it is stored wrapped. */
export interface DataKey {
  id: UUID;
  key: KeyObject;
}

type Kept = Base & { wrapper: string; wrapped: mongo.Binary };

/** How long one key seals, in ms: then a new one is made, and this one only opens. */
const SEALS = 90 * 24 * 3600 * 1000;
/** How long a process remembers a key, in ms: so long a withdrawn right to use KMS goes unnoticed. */
const REMEMBERED = 5 * 60 * 1000;
const MOST = 100;

/** The key that seals now: the newest, or a new one. @throws AppError UNREADABLE, UNAVAILABLE */
export async function sealingKey(ctx: Ctx): Promise<DataKey> {
  const found = await remembered(ctx, 'newest', async () => {
    const newest = await stored(ctx, { wrapper: wrapper() });
    const age = ctx.clock() - (newest?.createdAt.getTime() ?? 0);
    // Also a new one as it is stored: nothing is sealed under what would not open.
    return openingKey(ctx, newest && age < SEALS ? newest._id : await made(ctx));
  });
  if (!found) throw new Error('The newest sealing key is gone again.');
  return found;
}

/** A key by its id; null when there is none. @throws AppError UNREADABLE, UNAVAILABLE */
export function openingKey(ctx: Ctx, id: UUID): Promise<DataKey | null> {
  return remembered(ctx, idText(id), async () => {
    const found = await stored(ctx, { _id: id });
    if (!found) return null;
    const wrapped = { wrapper: found.wrapper, wrapped: found.wrapped.buffer };
    return { id, key: createSecretKey(await unwrapKey(idText(id), wrapped)) };
  });
}

type Found = Promise<DataKey | null>;

const memory = new Map<string, { key: Found; until: number }>();

/** One look for a key at a time, and few in all: a page of documents costs a call of KMS, not a hundred. */
function remembered(ctx: Ctx, name: string, look: () => Found): Found {
  const before = memory.get(name);
  if (before && before.until > ctx.clock()) return before.key;
  memory.delete(name);
  if (memory.size >= MOST) memory.delete(memory.keys().next().value as string);
  const entry = { key: look(), until: ctx.clock() + REMEMBERED };
  memory.set(name, entry);
  const forget = () => void (memory.get(name) === entry && memory.delete(name));
  // Whoever asked hears of it; the next one looks again.
  entry.key.then((key) => key ?? forget(), forget);
  return entry.key;
}

/** The newest that fits, outside of any transaction: keys outlive one that is undone. */
function stored(ctx: Ctx, filter: Partial<Kept>): Promise<Kept | null> {
  const keys = entityNamed('SealingKey') as Entity<Kept>;
  return findOne({ ...ctx, session: undefined }, keys, filter, { sort: { _id: -1 } });
}

/** Two processes may each make one: both open, and the newer goes on sealing. */
async function made(ctx: Ctx): Promise<UUID> {
  const now = new Date(ctx.clock());
  const id = newId(now.getTime());
  const { wrapper, wrapped } = await newKey(idText(id));
  const times = { createdAt: now, updatedAt: now, version: 1 };
  const kept = { _id: id, wrapper, wrapped: Buffer.from(wrapped), ...times };
  await within(entityNamed('SealingKey').collection.insertOne(kept));
  return id;
}
