import type { Ctx } from '../../context.ts';
import { databaseTime } from '../../data/database-time.ts';
import { listEncryptedFields } from '../../data/encrypted-fields.ts';
import { type Base, type Entity, entityNamed } from '../../data/entity.ts';
import type { UUID } from '../../data/ids.ts';
import { listKeyIds } from '../../data/key-ids.ts';
import { findMany } from '../../data/read.ts';
import { AppError } from '../../errors.ts';
import { DataKey } from '../../models/crypto/data-key.ts';
import { type Renewal, renewDocument } from './renew-document.ts';

/** How many documents are read at once: the largest have a megabyte. */
const BATCH = 50;

/** Some documents of an entity: with ids above `after`, up to `upTo`, or to the last. */
export interface Range {
  entity: string;
  after?: UUID | undefined;
  upTo?: UUID | undefined;
}

/** How many documents were read, and what became of them. */
export interface Renewed {
  read: number;
  renewed: number;
  /** What no key opens: of people who were forgotten, or damaged. */
  unreadable: number;
}

/**
 * Encrypts documents anew where that is to be done, and marks each key that something in them is encrypted
 * under. It may be begun again: what is renewed already is only read.
 */
export async function renewRange(ctx: Ctx, range: Range, signal: AbortSignal): Promise<Renewed> {
  const entity = entityNamed(range.entity);
  const marked = new Set<string>();
  const counts = { CURRENT: 0, RENEWED: 0, CHANGED: 0, UNREADABLE: 0 };
  let { after } = range;
  for (;;) {
    signal.throwIfAborted();
    const found = await readBatch(ctx, entity, after, range.upTo);
    // Before they are renewed: a key is unneeded from the first time on that nothing is found under it.
    await markKeys(ctx, found, marked);
    for (const document of found) counts[await renewOne(ctx, entity, document)]++;
    after = found.at(-1)?._id;
    if (!after || found.length < BATCH) break;
  }
  const { CURRENT, RENEWED, CHANGED, UNREADABLE } = counts;
  const read = CURRENT + RENEWED + CHANGED + UNREADABLE;
  return { read, renewed: RENEWED, unreadable: UNREADABLE };
}

function readBatch(ctx: Ctx, entity: Entity, after?: UUID, upTo?: UUID): Promise<Base[]> {
  const _id = { ...(after && { $gt: after }), ...(upTo && { $lte: upTo }) };
  const filter = Object.keys(_id).length > 0 ? { _id } : {};
  return findMany(ctx, entity, filter, { projection: {}, sort: { _id: 1 }, limit: BATCH });
}

async function renewOne(ctx: Ctx, entity: Entity, document: Base): Promise<Renewal | 'UNREADABLE'> {
  // What is append-only stays under its key, which is therefore needed for ever.
  if (entity.options.appendOnly || listEncryptedFields(entity).length === 0) return 'CURRENT';
  try {
    return await renewDocument(ctx, entity, document);
  } catch (error) {
    // That of one subject does not keep the others from being renewed.
    if (error instanceof AppError && error.code === 'UNREADABLE') return 'UNREADABLE';
    throw error;
  }
}

async function markKeys(ctx: Ctx, documents: Base[], marked: Set<string>): Promise<void> {
  const found = [...listKeyIds(documents)].filter(([text]) => !marked.has(text));
  if (found.length === 0) return;
  for (const [text] of found) marked.add(text);
  const some = { _id: { $in: found.map(([, id]) => id) } };
  await DataKey.collection.updateMany(some, [{ $set: { seenAt: databaseTime(ctx) } }]);
}
