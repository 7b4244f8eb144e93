import type { Ctx } from '../../context.ts';
import { readDataKeyId } from '../../crypto/data-key.ts';
import { readBytes } from '../../data/bson.ts';
import { findSubject } from '../../data/cipher.ts';
import { findCurrentKey } from '../../data/data-keys.ts';
import {
  decryptField,
  describePlace,
  encryptField,
  isCiphertext,
  listEncryptedFields,
} from '../../data/encrypted-fields.ts';
import type { Base, Entity } from '../../data/entity.ts';

type Values = Record<string, unknown>;

/** What became of a document: nothing was to be done, it was, or others changed it meanwhile. */
export type Renewal = 'CURRENT' | 'RENEWED' | 'CHANGED';

/**
 * Encrypts the fields of a document anew that are under another key than the newest of their owner, or are
 * stored in clear, as some were once. It is one write, only if nobody has changed them meanwhile: whoever has
 * encrypted under the newest key anyway. Neither the version nor the audit log tells of it, as what the
 * document says stays the same.
 * @throws AppError UNREADABLE when it does not decrypt, or the newest key of its owner is damaged; UNAVAILABLE
 */
export async function renewDocument(ctx: Ctx, entity: Entity, document: Base): Promise<Renewal> {
  const where: Values = { _id: document._id };
  const set: Values = {};
  for (const path of listEncryptedFields(entity)) {
    const stored = (document as Values)[path];
    if (stored === undefined || stored === null) continue;
    if (!isCiphertext(stored)) {
      set[path] = await encryptField(ctx, entity, document, path, stored);
      // Of a value in clear equality is not to be told by its bytes.
      where.version = document.version;
      continue;
    }
    if (await isCurrent(ctx, entity, document, path, readBytes(stored.bytes))) continue;
    const clear = await decryptField(ctx, entity, document, path);
    const { bytes } = await encryptField(ctx, entity, document, path, clear);
    set[`${path}.bytes`] = bytes;
    where[`${path}.bytes`] = stored.bytes;
  }
  if (Object.keys(set).length === 0) return 'CURRENT';
  const { matchedCount } = await entity.collection.updateOne(where, { $set: set });
  return matchedCount === 0 ? 'CHANGED' : 'RENEWED';
}

async function isCurrent(
  ctx: Ctx,
  entity: Entity,
  document: Base,
  path: string,
  bytes: Buffer,
): Promise<boolean> {
  const { id } = await findCurrentKey(ctx, findSubject(describePlace(entity, document, path)));
  return readDataKeyId(bytes)?.equals(id) ?? false;
}
