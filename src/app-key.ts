import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { config } from './config.ts';

/**
 * A key of 32 bytes for one use, made of the app's secret. Make it once: to make a key of bytes costs more
 * than to sign with it.
 */
export function appKey(use: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', config.appSecret, '', use, 32)));
}
