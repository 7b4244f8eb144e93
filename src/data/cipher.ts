import { canonicalJson } from '../canonical-json.ts';
import type { Ctx } from '../context.ts';
import { decryptWithDataKey, encryptWithDataKey, readDataKeyId } from '../crypto/data-key.ts';
import { AppError } from '../errors.ts';
import { decode, encode } from './bson.ts';
import { findCurrentKey, findDataKey, STAGE, type Subject } from './data-keys.ts';
import { UUID } from './ids.ts';

/**
 * Where a value is stored. Its ciphertext is bound to this place, and does not decrypt in another.
 */
export interface Place {
  entity: string;
  path: string;
  document: string;
  /** The owner of the document; empty where there is none. */
  user: string;
  /** Whose key encrypts it, where that is not the owner's, or the stage's if there is none. */
  subject?: Subject;
}

/**
 * Encrypts any value that BSON holds, under the newest key of its subject. Of one that was forgotten it
 * encrypts as well, and nobody can decrypt it.
 * @throws AppError UNAVAILABLE
 */
export async function encryptValue(ctx: Ctx, place: Place, value: unknown): Promise<Buffer> {
  const dataKey = await findCurrentKey(ctx, findSubject(place));
  return encryptWithDataKey(dataKey, encode({ v: value }), bindTo(place));
}

/**
 * Decrypts what `encryptValue` made for the same place.
 * @throws AppError UNREADABLE when it was made for another place, has changed, or its data key is gone, as
 *   that of a subject that was forgotten; UNAVAILABLE
 */
export async function decryptValue(ctx: Ctx, place: Place, bytes: Buffer): Promise<unknown> {
  const id = readDataKeyId(bytes);
  const dataKey = id && (await findDataKey(ctx, findSubject(place), new UUID(id)));
  if (!dataKey) throw unreadable(place);
  try {
    return decode<{ v: unknown }>(decryptWithDataKey(dataKey, bytes, bindTo(place))).v;
  } catch (cause) {
    throw unreadable(place, cause);
  }
}

/** Whether the key of a ciphertext is there at all; not that of a subject who was forgotten. @throws as `decryptValue` */
export async function hasDataKey(ctx: Ctx, place: Place, bytes: Buffer): Promise<boolean> {
  const id = readDataKeyId(bytes);
  return !id || (await findDataKey(ctx, findSubject(place), new UUID(id))) !== null;
}

/** Whose key encrypts what is at a place. */
export function findSubject({ subject, user }: Place): Subject {
  return subject ?? (user || STAGE);
}

function bindTo({ entity, path, document, user }: Place): string {
  return canonicalJson({ entity, path, document, user });
}

function unreadable({ entity, path, document }: Place, why?: unknown): AppError {
  const message = `${entity}.${path} of ${document} does not decrypt.`;
  const cause = new Error(message, { cause: why });
  return new AppError('UNREADABLE', 'What is stored here cannot be decrypted.', { cause });
}
