import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** In bytes. */
export const NONCE = 12;
export const TAG = 16;

/** What was encrypted, and the tag that proves that nobody has changed it. */
interface Encrypted {
  ciphertext: Buffer;
  tag: Buffer;
}

/**
 * Encrypts by AES-256-GCM. A nonce must never be used twice with the same key.
 * @param bound associated data: it is not stored, and must be the same to decrypt
 */
export function encryptAesGcm(
  key: KeyObject | Buffer,
  nonce: Buffer,
  clear: Uint8Array,
  bound?: Buffer,
): Encrypted {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
  if (bound) cipher.setAAD(bound);
  const ciphertext = Buffer.concat([cipher.update(clear), cipher.final()]);
  return { ciphertext, tag: cipher.getAuthTag() };
}

/**
 * Decrypts what `encryptAesGcm` made.
 * @throws Error when the key, `bound` or a bit of it is another
 */
export function decryptAesGcm(
  key: KeyObject | Buffer,
  nonce: Buffer,
  { ciphertext, tag }: Encrypted,
  bound?: Buffer,
): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG });
  if (bound) decipher.setAAD(bound);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/**
 * Decrypts by the key of these that it was encrypted by.
 * @throws Error when there is none; the cause is that of the last
 */
export function decryptByAny(
  keys: (KeyObject | Buffer)[],
  nonce: Buffer,
  encrypted: Encrypted,
  bound?: Buffer,
): Buffer {
  let cause: unknown;
  for (const key of keys) {
    try {
      return decryptAesGcm(key, nonce, encrypted, bound);
    } catch (error) {
      cause = error; // of another key, perhaps
    }
  }
  throw new Error('None of the keys decrypts this.', { cause });
}
