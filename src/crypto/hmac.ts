import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** The HMAC-SHA-256 of a content: 32 bytes that only holders of the key can make. */
export function signHmac(key: KeyObject | Buffer | string, content: string | Buffer): Buffer {
  return createHmac('sha256', key).update(content).digest();
}

/**
 * Whether a signature that was sent is the expected one; how long it takes does not tell where they
 * differ.
 */
export function isSameSignature(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
