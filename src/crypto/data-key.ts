import { type KeyObject, randomBytes } from 'node:crypto';
import { decryptAesGcm, encryptAesGcm, NONCE, TAG } from './aes-gcm.ts';
import { deriveBytes } from './hkdf.ts';

/**
 * A data key in clear, and the 16 bytes of the id that it is stored under, wrapped by another key.
 */
export interface DataKey {
  id: Buffer;
  key: KeyObject;
}

// What is stored of a value: layout, id of the data key, salt; then ciphertext and tag.
const LAYOUT = 1;
const ID_END = 17;
const SALT_END = 49;

/**
 * Encrypts a value under a data key (envelope encryption), bound to a text that must be the same to
 * decrypt. Each value has a key and a nonce of its own, derived by a random salt: however much one
 * data key encrypts, no nonce is used twice with one key.
 */
export function encryptWithDataKey(dataKey: DataKey, clear: Uint8Array, bound: string): Buffer {
  const head = Buffer.concat([Buffer.of(LAYOUT), dataKey.id, randomBytes(SALT_END - ID_END)]);
  const { key, nonce } = deriveOwn(dataKey, head);
  const { ciphertext, tag } = encryptAesGcm(key, nonce, clear, associate(head, bound));
  return Buffer.concat([head, ciphertext, tag]);
}

/**
 * Which data key a value was encrypted under; undefined when these bytes are of no layout that we
 * know.
 */
export function readDataKeyId(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== LAYOUT || bytes.length < SALT_END + TAG) return undefined;
  return bytes.subarray(1, ID_END);
}

/**
 * Decrypts what was encrypted under this data key.
 * @throws Error when it was bound to another text, or changed
 */
export function decryptWithDataKey(dataKey: DataKey, bytes: Buffer, bound: string): Buffer {
  const head = bytes.subarray(0, SALT_END);
  const { key, nonce } = deriveOwn(dataKey, head);
  const encrypted = { ciphertext: bytes.subarray(SALT_END, -TAG), tag: bytes.subarray(-TAG) };
  return decryptAesGcm(key, nonce, encrypted, associate(head, bound));
}

function deriveOwn({ key }: DataKey, head: Buffer): { key: Buffer; nonce: Buffer } {
  const bytes = deriveBytes(key, head.subarray(ID_END), 'sealed field', 32 + NONCE);
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32) };
}

function associate(head: Buffer, bound: string): Buffer {
  return Buffer.concat([head, Buffer.from(bound)]);
}
