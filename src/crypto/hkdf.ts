import { hkdfSync, type KeyObject } from 'node:crypto';

/** Derives bytes from a key by HKDF-SHA-256: for each salt and each use others. */
export function deriveBytes(
  key: KeyObject | Buffer,
  salt: string | Buffer,
  use: string,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, use, length));
}
