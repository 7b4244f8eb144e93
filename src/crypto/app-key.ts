import { createSecretKey, type KeyObject } from 'node:crypto';
import { deriveBytes } from './hkdf.ts';
import { listAppSecrets } from './key-ring.ts';
import { type AppSecret, chooseInUse } from './key-schemas.ts';

/** The keys for one use: one of each secret in APP_SECRET. */
export interface AppKeys {
  /** The key that signs and encrypts now. */
  current(): KeyObject;
  /** The keys of whatever may have been signed or encrypted before, and of what others begin to. */
  all(): KeyObject[];
}

/**
 * Derives keys of 32 bytes for one use from the app's secrets. Make those that need no salt once: to
 * derive a key costs more than to sign with it.
 */
export function deriveAppKeys(use: string, salt: string | Buffer = ''): AppKeys {
  const derived = new WeakMap<AppSecret, KeyObject>();
  function derive(of: AppSecret): KeyObject {
    const before = derived.get(of);
    if (before) return before;
    const key = createSecretKey(deriveBytes(of.secret, salt, use, 32));
    derived.set(of, key);
    return key;
  }
  return {
    current: () => derive(chooseInUse(listAppSecrets())),
    all: () => listAppSecrets().map(derive),
  };
}
