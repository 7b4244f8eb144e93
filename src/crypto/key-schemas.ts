import { createECDH } from 'node:crypto';
import Joi from 'joi';
import { explain } from '../explain-faults.ts';

/** The private key that signs access tokens, as a JWK. */
export interface TokenKey {
  kid: string;
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  d: string;
  /** When it begins to sign; without it, from the beginning. It verifies before and after, too. */
  usedFrom?: Date;
}

/** A secret that keys are derived from, and when it begins to sign and encrypt. */
export interface AppSecret {
  secret: Buffer;
  usedFrom?: Date;
}

const coordinate = Joi.string().base64({ urlSafe: true, paddingRequired: false }).required();

const tokenKey = Joi.object({
  kid: Joi.string().max(64).required(),
  kty: Joi.valid('EC').required(),
  crv: Joi.valid('P-256').required(),
  x: coordinate,
  y: coordinate,
  d: coordinate,
  usedFrom: Joi.date().iso(),
})
  .unknown(true)
  .custom((key: TokenKey, { error }) => (isPair(key) ? key : error('key.pair')))
  .error(
    explain({
      'key.pair': (name) => `${name} must be one P-256 key: its d does not give its x and y`,
    }),
  );

const secretText = Joi.string()
  .base64()
  .min(43)
  .error(
    explain({
      'string.base64': (name) => `${name} must be base64`,
      'string.min': (name) => `${name} must be at least 32 bytes in base64`,
    }),
  );

const appSecret = Joi.object({
  secret: secretText.required(),
  usedFrom: Joi.date().iso(),
});

/** The rules of `TOKEN_KEYS`, and of `APP_SECRET`: one secret in base64, or a list. */
export const keySchemas = {
  TOKEN_KEYS: listOf(tokenKey, 'kid').required(),
  APP_SECRET: Joi.alternatives()
    .conditional(Joi.array(), {
      // biome-ignore lint/suspicious/noThenProperty: joi's own word
      then: listOf(appSecret, 'secret'),
      otherwise: secretText,
    })
    .required(),
};

function listOf(item: Joi.ObjectSchema, name: string): Joi.ArraySchema {
  return Joi.array()
    .items(item)
    .min(1)
    .unique(name)
    .error(
      explain({
        'array.unique': (one, { dupePos }) =>
          `${one} has the ${name} of number ${dupePos} of the list, counted from 0: each needs its own`,
      }),
    );
}

/** Parses a variable that holds JSON; joi says what is wrong with a text that does not. */
export function parseList(text: string | undefined): unknown {
  if (!text?.trimStart().startsWith('[')) return text; // no list: one secret
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The newest first. */
export function sortTokenKeys(keys: TokenKey[]): TokenKey[] {
  return keys.toSorted(compareUse);
}

/** Reads what the schema of `APP_SECRET` accepted; the newest first. */
export function sortAppSecrets(given: string | { secret: string; usedFrom?: Date }[]): AppSecret[] {
  const list = typeof given === 'string' ? [{ secret: given }] : given;
  return list
    .map((one) => ({ ...one, secret: Buffer.from(one.secret, 'base64') }))
    .toSorted(compareUse);
}

type Used = { usedFrom?: Date };

function compareUse(a: Used, b: Used): number {
  return readTime(b) - readTime(a);
}

function readTime({ usedFrom }: Used): number {
  return usedFrom?.getTime() ?? 0;
}

/** The one that signs now, of a list with the newest first. */
export function chooseInUse<T extends Used>(list: readonly T[]): T {
  return list[findInUse(list.map(readTime), Date.now())] as T;
}

/**
 * Finds which signs now, by the times from which each is used, the newest first. If the time of none has
 * come, because the clock of this host is behind, it is the oldest.
 */
export function findInUse(times: readonly number[], now: number): number {
  const found = times.findIndex((time) => time <= now);
  return found < 0 ? times.length - 1 : found;
}

/** Whether the private part belongs to the public one: else nothing that it signs would verify. */
function isPair({ x, y, d }: TokenKey): boolean {
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(d, 'base64url');
  } catch {
    return false; // out of range
  }
  const point = Buffer.concat([
    Buffer.of(4),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
  return curve.getPublicKey().equals(point);
}
