import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import mongoose from 'mongoose';
import { canonicalJson } from '../canonical-json.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { UUID } from './ids.ts';
import { openingKey, sealingKey } from './sealing-keys.ts';

/** Where a value is stored, which its ciphertext is bound to: it opens nowhere else. */
export interface Place {
  entity: string;
  path: string;
  document: string;
  user: string;
}

const ALGORITHM = 'aes-256-gcm';
// The bytes: layout, id of the key, salt, ciphertext, tag.
const LAYOUT = 1;
const ID_END = 17;
const SALT_END = 49;
const TAG = 16;

/** Encrypts any value that BSON holds, under the newest key. @throws AppError UNAVAILABLE */
export async function encrypt(ctx: Ctx, place: Place, value: unknown): Promise<Buffer> {
  const { id, key } = await sealingKey(ctx);
  const head = Buffer.concat([Buffer.of(LAYOUT), id.buffer, randomBytes(SALT_END - ID_END)]);
  const [own, nonce] = ownKey(key, head);
  const cipher = createCipheriv(ALGORITHM, own, nonce).setAAD(bound(head, place));
  const clear = mongoose.mongo.BSON.serialize({ v: value }, { ignoreUndefined: true });
  return Buffer.concat([head, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts what `encrypt` made for the same place.
 * @throws AppError UNREADABLE when it was made for another, its key is gone or a bit of it differs; UNAVAILABLE
 */
export async function decrypt(ctx: Ctx, place: Place, bytes: Buffer): Promise<unknown> {
  if (bytes[0] !== LAYOUT || bytes.length < SALT_END + TAG) throw unreadable(place);
  const found = await openingKey(ctx, new UUID(bytes.subarray(1, ID_END)));
  if (!found) throw unreadable(place);
  const head = bytes.subarray(0, SALT_END);
  const [own, nonce] = ownKey(found.key, head);
  const decipher = createDecipheriv(ALGORITHM, own, nonce, { authTagLength: TAG })
    .setAAD(bound(head, place))
    .setAuthTag(bytes.subarray(-TAG));
  try {
    const clear = [decipher.update(bytes.subarray(SALT_END, -TAG)), decipher.final()];
    return mongoose.mongo.BSON.deserialize(Buffer.concat(clear)).v;
  } catch (cause) {
    throw unreadable(place, cause);
  }
}

/** A key and a nonce for this value alone, by its salt: none is used twice, however much a key seals. */
function ownKey(key: KeyObject, head: Buffer): [key: Buffer, nonce: Buffer] {
  const bytes = Buffer.from(hkdfSync('sha256', key, head.subarray(ID_END), 'sealed field', 44));
  return [bytes.subarray(0, 32), bytes.subarray(32)];
}

function bound(head: Buffer, place: Place): Buffer {
  return Buffer.concat([head, Buffer.from(canonicalJson(place))]);
}

function unreadable({ entity, path, document }: Place, why?: unknown): AppError {
  const cause = new Error(`${entity}.${path} of ${document} does not open.`, { cause: why });
  return new AppError('UNREADABLE', 'What is stored here cannot be decrypted.', { cause });
}
