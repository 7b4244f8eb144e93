import {
  type Bytes,
  encodeName,
  find,
  findEndOfName,
  findEndOfValue,
  readDouble,
  readInt32,
  readInt64,
  TYPE,
} from '../../data/bson.ts';
import type { Entity } from '../../data/entity.ts';
import { findField, getPlan, type How, type Plan } from './plan.ts';
import {
  BEGIN,
  CLOSE,
  COMMA,
  END,
  OPEN,
  put,
  putDate,
  putNumber,
  putString,
  putUuid,
} from './text.ts';

/** Which fields of a document are written, by the names that clients know. */
export interface Part {
  /** Only these. */
  only?: ReadonlySet<string> | undefined;
  /** All but these. */
  except?: ReadonlySet<string> | undefined;
}

/**
 * Writes the members of the stored document that begins here as clients see them, straight from
 * BSON: making objects first, and text of those, costs five times as much. Encrypted fields must be
 * decrypted.
 */
export function putMembers(entity: Entity, bytes: Bytes, begin: number, part: Part = {}): void {
  putFields(getPlan(entity), bytes, begin, part);
}

const COLON = Buffer.from(':');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

function putFields(plan: Plan, bytes: Bytes, begin: number, { only, except }: Part): void {
  const end = begin + readInt32(bytes, begin) - 1;
  let at = begin + 4;
  let isFirst = true;
  let last = -1;
  while (at < end) {
    const type = bytes[at++] as number;
    const index = findField(plan, last, bytes, at);
    const field = plan.fields[index];
    at = field ? at + field.bytes.length + 1 : findEndOfName(bytes, at) + 1;
    if (field) last = index;
    if (
      !field ||
      field.hidden ||
      type === TYPE.null ||
      type === TYPE.undefined ||
      (only && !only.has(field.name)) ||
      except?.has(field.name)
    ) {
      at = findEndOfValue(type, bytes, at);
      continue;
    }
    if (!isFirst) put(COMMA);
    isFirst = false;
    put(field.label);
    if (field.decrypted && type === TYPE.object) refuseCiphertext(bytes, at);
    at = putValue(type, bytes, at, field.how);
  }
}

/** @throws Error when a field that should have been decrypted still is ciphertext */
function refuseCiphertext(bytes: Bytes, at: number): void {
  if (find(bytes, at, encodeName('bytes'))?.type === TYPE.binary) {
    throw new Error('An encrypted field would be answered that nobody has decrypted.');
  }
}

/** Writes a value and returns where it ends. */
function putValue(type: number, bytes: Bytes, at: number, how: How): number {
  switch (type) {
    case TYPE.string: {
      const end = at + 4 + readInt32(bytes, at);
      putString(bytes, at + 4, end - 1);
      return end;
    }
    case TYPE.binary:
      putId(bytes, at);
      return at + 21;
    case TYPE.int32:
      putNumber(readInt32(bytes, at));
      return at + 4;
    case TYPE.int64:
      putNumber(readInt64(bytes, at));
      return at + 8;
    case TYPE.double:
      putNumber(readDouble(bytes, at));
      return at + 8;
    case TYPE.date:
      putDate(readInt64(bytes, at));
      return at + 8;
    case TYPE.boolean:
      put(bytes[at] === 1 ? TRUE : FALSE);
      return at + 1;
    case TYPE.object:
      putObject(bytes, at, how);
      return at + readInt32(bytes, at);
    case TYPE.array: {
      const end = at + readInt32(bytes, at);
      putArray(bytes, at, end - 1, how?.kind === 'array' ? how.items : undefined);
      return end;
    }
    case TYPE.null:
    case TYPE.undefined:
      put(NULL);
      return at;
    default:
      throw new Error(`BSON type ${type} has no JSON form.`);
  }
}

function putObject(bytes: Bytes, at: number, how: How): void {
  if (how?.kind === 'last4') {
    putLast4(bytes, at);
    return;
  }
  put(OPEN);
  if (how?.kind === 'object') putFields(how.plan, bytes, at, {});
  else putFreely(bytes, at);
  put(CLOSE);
}

/** Writes an object of which there is no plan (free-form), with all that is in it. */
function putFreely(bytes: Bytes, begin: number): void {
  const end = begin + readInt32(bytes, begin) - 1;
  let at = begin + 4;
  while (at < end) {
    const type = bytes[at++] as number;
    const nul = findEndOfName(bytes, at);
    putString(bytes, at, nul);
    put(COLON);
    at = putValue(type, bytes, nul + 1, undefined);
    if (at < end) put(COMMA);
  }
}

function putArray(bytes: Bytes, begin: number, end: number, items: How): void {
  let at = begin + 4;
  put(BEGIN);
  while (at < end) {
    const type = bytes[at++] as number;
    at = putValue(type, bytes, findEndOfName(bytes, at) + 1, items);
    if (at < end) put(COMMA);
  }
  put(END);
}

function putLast4(bytes: Bytes, at: number): void {
  const found = find(bytes, at, encodeName('last4'));
  const last4 = found?.type === TYPE.string ? found : undefined;
  const text = last4
    ? bytes.subarray(last4.at + 4, findEndOfValue(TYPE.string, bytes, last4.at) - 1)
    : Buffer.alloc(0);
  const shown = Buffer.concat([Buffer.from('…'), text]);
  putString(shown, 0, shown.length);
}

/** Writes binary data, which must be a UUID: no other bytes are ever shown. */
function putId(bytes: Bytes, at: number): void {
  if (bytes[at + 4] !== 4 || readInt32(bytes, at) !== 16) {
    throw new Error('Binary data that is no id would be answered.');
  }
  putUuid(bytes, at + 5);
}
