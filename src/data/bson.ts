import mongoose, { type mongo } from 'mongoose';
import { UUID } from './ids.ts';

/** A document as the database sends it: BSON that has not been deserialised. */
export type Bytes = Uint8Array;

/** The types of BSON elements that our documents hold. https://bsonspec.org/spec.html */
export const TYPE = {
  ...{ double: 1, string: 2, object: 3, array: 4, binary: 5, undefined: 6, objectId: 7 },
  ...{ boolean: 8, date: 9, null: 10, int32: 16, timestamp: 17, int64: 18, decimal128: 19 },
} as const;

/** Deserialises a document. */
export function decode<T = mongo.Document>(bytes: Bytes): T {
  return mongoose.mongo.BSON.deserialize(bytes) as T;
}

/** Serialises a document; fields that are undefined are left out. */
export function encode(document: object): Bytes {
  return mongoose.mongo.BSON.serialize(document, { ignoreUndefined: true });
}

/** Reads a binary value, which the driver returns as its own class `Binary`. */
export function readBytes(value: Uint8Array | mongo.Binary): Buffer {
  return Buffer.from(value instanceof Uint8Array ? value : value.buffer);
}

/** Reads a 32-bit integer, such as the length that documents and strings begin with. */
export function readInt32(bytes: Bytes, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Reads a 64-bit integer; exact up to 2^53. */
export function readInt64(bytes: Bytes, at: number): number {
  return readInt32(bytes, at + 4) * 2 ** 32 + (readInt32(bytes, at) >>> 0);
}

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Reads a double. */
export function readDouble(bytes: Bytes, at: number): number {
  for (let i = 0; i < 8; i++) floatBytes[i] = bytes[at + i] as number;
  return float[0] as number;
}

/** Finds the NUL that ends a name. */
export function findEndOfName(bytes: Bytes, at: number): number {
  let end = at;
  while (bytes[end] !== 0) end++;
  return end;
}

/** Whether this name stands here, followed by its NUL. */
export function isName(bytes: Bytes, at: number, name: Bytes): boolean {
  const { length } = name;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== name[i]) return false;
  return bytes[at + length] === 0;
}

/** Finds the end of a value. @throws Error for a type that our documents do not hold */
export function findEndOfValue(type: number, bytes: Bytes, at: number): number {
  switch (type) {
    case TYPE.double:
    case TYPE.date:
    case TYPE.int64:
    case TYPE.timestamp:
      return at + 8;
    case TYPE.string:
      return at + 4 + readInt32(bytes, at);
    case TYPE.object:
    case TYPE.array:
      return at + readInt32(bytes, at);
    case TYPE.binary:
      return at + 5 + readInt32(bytes, at);
    case TYPE.undefined:
    case TYPE.null:
      return at;
    case TYPE.objectId:
      return at + 12;
    case TYPE.boolean:
      return at + 1;
    case TYPE.int32:
      return at + 4;
    case TYPE.decimal128:
      return at + 16;
    default:
      throw new Error(`BSON type ${type} is not one that our documents hold.`);
  }
}

/** A value of a document or array: its type, and where it begins. */
interface Found {
  type: number;
  at: number;
}

/** Finds a value by its name in the document that begins here. */
export function find(bytes: Bytes, begin: number, name: Bytes): Found | undefined {
  const end = begin + readInt32(bytes, begin) - 1;
  let at = begin + 4;
  while (at < end) {
    const type = bytes[at++] as number;
    const isIt = isName(bytes, at, name);
    at = findEndOfName(bytes, at) + 1;
    if (isIt) return { type, at };
    at = findEndOfValue(type, bytes, at);
  }
  return undefined;
}

/** Whether the document has this id in the field of this name. */
export function isIdAt(bytes: Bytes, name: string, id: UUID): boolean {
  const found = find(bytes, 0, encodeName(name));
  if (found?.type !== TYPE.binary) return false;
  const { at } = found;
  const stored = bytes.subarray(at + 5, findEndOfValue(TYPE.binary, bytes, at));
  return Buffer.compare(id.buffer, stored) === 0;
}

/** Finds where the documents of an array begin. @throws Error when it holds something else */
export function findDocuments(bytes: Bytes, begin: number): number[] {
  const end = begin + readInt32(bytes, begin) - 1;
  const found: number[] = [];
  let at = begin + 4;
  while (at < end) {
    if (bytes[at] !== TYPE.object) throw new Error('An array of documents holds something else.');
    at = findEndOfName(bytes, at + 1) + 1;
    found.push(at);
    at += readInt32(bytes, at);
  }
  return found;
}

/**
 * Reads some fields, of simple types, of the document that begins here; missing fields are left
 * out.
 */
export function pick(bytes: Bytes, begin: number, names: string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  const wanted = names.map(encodeName);
  const end = begin + readInt32(bytes, begin) - 1;
  let at = begin + 4;
  while (at < end) {
    const type = bytes[at++] as number;
    const index = wanted.findIndex((name) => isName(bytes, at, name));
    at = findEndOfName(bytes, at) + 1;
    if (index >= 0) picked[names[index] as string] = readSimple(bytes, { type, at });
    at = findEndOfValue(type, bytes, at);
  }
  return picked;
}

function readSimple(bytes: Bytes, { type, at }: Found): unknown {
  switch (type) {
    case TYPE.double:
      return readDouble(bytes, at);
    case TYPE.string:
      return Buffer.from(bytes.subarray(at + 4, findEndOfValue(type, bytes, at) - 1)).toString();
    case TYPE.binary:
      return new UUID(bytes.subarray(at + 5, at + 21));
    case TYPE.boolean:
      return bytes[at] === 1;
    case TYPE.date:
      return new Date(readInt64(bytes, at));
    case TYPE.int32:
      return readInt32(bytes, at);
    case TYPE.int64:
      return readInt64(bytes, at);
    case TYPE.null:
      return null;
    default:
      throw new Error(`BSON type ${type} is no simple value.`);
  }
}

const known = new Map<string, Bytes>();

/** A name as it is encoded in BSON, without the NUL; cached. */
export function encodeName(name: string): Bytes {
  const found = known.get(name) ?? Buffer.from(name);
  known.set(name, found);
  return found;
}
