import type { KeyObject } from 'node:crypto';
import { deriveAppKeys } from '../../crypto/app-key.ts';
import { isSameSignature, signHmac } from '../../crypto/hmac.ts';
import { AppError } from '../../errors.ts';

const keys = deriveAppKeys('cursor');

/** Where a page ended: the value of the field sorted by, as JSON, and the id, which breaks ties. */
export type Position = [value: string | number | boolean, id: string];

/**
 * Makes a keyset cursor: a position, signed, so that it works for the same list, filter, sort and
 * user alone.
 */
export function signCursor(position: Position, scope: string): string {
  const payload = Buffer.from(JSON.stringify(position)).toString('base64url');
  return `${payload}.${sign(keys.current(), payload, scope)}`;
}

/** Reads a cursor. @throws AppError INVALID_QUERY when it was not signed for this scope */
export function readCursor(cursor: string, scope: string): Position {
  const [payload, signature, more] = cursor.split('.');
  if (payload && signature && more === undefined) {
    const given = Buffer.from(signature);
    const isOurs = (key: KeyObject) =>
      isSameSignature(given, Buffer.from(sign(key, payload, scope)));
    if (keys.all().some(isOurs)) {
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Position;
    }
  }
  const message = 'is not a cursor of this list with these filters and this sort';
  throw new AppError('INVALID_QUERY', `cursor ${message}`, {
    errors: [{ path: 'cursor', message }],
  });
}

function sign(key: KeyObject, payload: string, scope: string): string {
  return signHmac(key, `${scope}\n${payload}`).toString('base64url').slice(0, 22);
}
