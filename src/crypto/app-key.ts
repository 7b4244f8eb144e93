import { createSecretKey, type KeyObject } from 'node:crypto';
import { config } from '../config.ts';
import { deriveBytes } from './hkdf.ts';

/**
 * Derives a key of 32 bytes for one use from the app's secret (APP_SECRET). Derive a key that never
 * changes once, at the start: to make a key of bytes costs more than to sign with it.
 */
export function deriveAppKey(use: string, salt: string | Buffer = ''): KeyObject {
  return createSecretKey(deriveBytes(config.appSecret, salt, use, 32));
}
