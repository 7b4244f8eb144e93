import { createHmac, timingSafeEqual } from 'node:crypto';
import { appKey } from '../../app-key.ts';
import { AppError } from '../../errors.ts';

const key = appKey('cursor');

/** Where a page ended: the value sorted by, as JSON, and the id that breaks ties. */
export type Position = [value: string | number | boolean, id: string];

/** Seals a position into an opaque text that only holds for the same list, filter, sort and user. */
export function sealCursor(position: Position, scope: string): string {
  const payload = Buffer.from(JSON.stringify(position)).toString('base64url');
  return `${payload}.${mac(payload, scope)}`;
}

/** @throws AppError INVALID_QUERY when the text was not sealed for this scope */
export function openCursor(cursor: string, scope: string): Position {
  const [payload, tag, more] = cursor.split('.');
  if (payload && tag && more === undefined) {
    const expected = Buffer.from(mac(payload, scope));
    const given = Buffer.from(tag);
    if (given.length === expected.length && timingSafeEqual(given, expected)) {
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Position;
    }
  }
  const message = 'is not a cursor of this list with these filters and this sort';
  throw new AppError('INVALID_QUERY', `cursor ${message}`, {
    errors: [{ path: 'cursor', message }],
  });
}

function mac(payload: string, scope: string): string {
  return createHmac('sha256', key).update(`${scope}\n${payload}`).digest('base64url').slice(0, 22);
}
