import { hashText } from '../../src/crypto/hash.ts';
import { findInUse } from '../../src/crypto/key-schemas.ts';
import { makeAppSecret, makeTokenKey } from '../../src/crypto/new-keys.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * How long a key is known everywhere before it is used: functions read the secrets again within five
 * minutes, and the clocks of hosts may be ten minutes apart.
 */
export const LEAD = 15 * MINUTE;

/** The lists of the secret that are rotated. */
export const ROTATED = ['TOKEN_KEYS', 'APP_SECRET'] as const;
export type Rotated = (typeof ROTATED)[number];

/**
 * How long a key still opens after the next one is in use: what was signed by it has ended by then, on
 * whatever clock. An access token lives for ten minutes. Of what the app's secret signs a session lives
 * longest: 30 days.
 */
export const OPENS_FOR: Record<Rotated, number> = { TOKEN_KEYS: 60 * MINUTE, APP_SECRET: 31 * DAY };

/** An item of a list as it is stored: of TOKEN_KEYS a JWK with its `kid`, of APP_SECRET a `secret`. */
export interface StoredKey {
  kid?: string;
  secret?: string;
  usedFrom?: string;
}

/** A key as `list` shows it. */
export interface Shown {
  name: string;
  usedFrom: number | undefined;
  state: 'waits' | 'in use' | 'still opens' | 'retired';
  /** When it is retired, if it still opens. */
  until?: number;
}

/** Makes a key for a list. */
export function makeKey(of: Rotated, usedFrom: number): StoredKey {
  const from = new Date(usedFrom).toISOString();
  return of === 'TOKEN_KEYS' ? makeTokenKey(from) : { secret: makeAppSecret(), usedFrom: from };
}

/** Says in which state each key is, the newest first. */
export function describeKeys(keys: StoredKey[], now: number, opensFor: number): Shown[] {
  const sorted = keys.toSorted((a, b) => readTime(b) - readTime(a));
  const inUse = findInUse(sorted.map(readTime), now);
  return sorted.map((key, index) => {
    const usedFrom = key.usedFrom === undefined ? undefined : readTime(key);
    const shown = { name: nameKey(key), usedFrom };
    if (index <= inUse) return { ...shown, state: index < inUse ? 'waits' : 'in use' };
    const until = readTime(sorted[index - 1] as StoredKey) + opensFor;
    return until <= now
      ? { ...shown, state: 'retired' }
      : { ...shown, state: 'still opens', until };
  });
}

/** Adds a key that will be used after `LEAD`. @throws Error when there is one that waits */
export function addKey(of: Rotated, keys: StoredKey[], now: number): StoredKey[] {
  const waiting = describeKeys(keys, now, OPENS_FOR[of]).find(({ state }) => state === 'waits');
  if (waiting?.usedFrom) {
    const when = new Date(waiting.usedFrom).toISOString();
    throw new Error(`${of} has a new key already: ${waiting.name} is used from ${when} on.`);
  }
  return [...keys, makeKey(of, now + LEAD)];
}

/** Leaves out the keys that are retired. */
export function pruneKeys(keys: StoredKey[], now: number, opensFor: number): StoredKey[] {
  const shown = describeKeys(keys, now, opensFor);
  const retired = shown.filter(({ state }) => state === 'retired').map(({ name }) => name);
  return keys.filter((key) => !retired.includes(nameKey(key)));
}

/** The keys of a list; one secret in base64 is a list of one. */
export function listKeys(value: unknown): StoredKey[] {
  return typeof value === 'string' ? [{ secret: value }] : (value as StoredKey[]); // it was checked
}

/** The name of a key; that of a secret is the beginning of its hash, which does not tell it. */
function nameKey({ kid, secret = '' }: StoredKey): string {
  return kid ?? hashText(secret).slice(0, 8);
}

function readTime({ usedFrom }: StoredKey): number {
  return usedFrom === undefined ? 0 : Date.parse(usedFrom);
}
