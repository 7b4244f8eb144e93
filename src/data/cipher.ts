import { canonicalJson } from '../canonical-json.ts';
import type { Ctx } from '../context.ts';
import { decryptWithDataKey, encryptWithDataKey, readDataKeyId } from '../crypto/data-key.ts';
import { AppError } from '../errors.ts';
import { decode, encode } from './bson.ts';
import { findDataKey, findNewestDataKey } from './data-keys.ts';
import { UUID } from './ids.ts';

/**
 * Where a value is stored. Its ciphertext is bound to this place, and does not decrypt in another.
 */
export interface Place {
  entity: string;
  path: string;
  document: string;
  user: string;
}

/** Encrypts any value that BSON holds, under the newest data key. @throws AppError UNAVAILABLE */
export async function encryptValue(ctx: Ctx, place: Place, value: unknown): Promise<Buffer> {
  const dataKey = await findNewestDataKey(ctx);
  return encryptWithDataKey(dataKey, encode({ v: value }), canonicalJson(place));
}

/**
 * Decrypts what `encryptValue` made for the same place.
 * @throws AppError UNREADABLE when it was made for another place, has changed or its data key is
 *   gone; UNAVAILABLE
 */
export async function decryptValue(ctx: Ctx, place: Place, bytes: Buffer): Promise<unknown> {
  const id = readDataKeyId(bytes);
  const dataKey = id && (await findDataKey(ctx, new UUID(id)));
  if (!dataKey) throw unreadable(place);
  try {
    return decode<{ v: unknown }>(decryptWithDataKey(dataKey, bytes, canonicalJson(place))).v;
  } catch (cause) {
    throw unreadable(place, cause);
  }
}

function unreadable({ entity, path, document }: Place, why?: unknown): AppError {
  const message = `${entity}.${path} of ${document} does not decrypt.`;
  const cause = new Error(message, { cause: why });
  return new AppError('UNREADABLE', 'What is stored here cannot be decrypted.', { cause });
}
