import type { KeyObject } from 'node:crypto';
import { isSameSignature, signHmac } from '../../crypto/hmac.ts';
import { type Bytes, encode, encodeName, isName, pick, readInt32, TYPE } from '../../data/bson.ts';
import type { Stored } from '../../data/entity.ts';
import { UUID } from '../../data/ids.ts';

// The form of an entry that is signed is its BSON as the database has it, up to its last field, `hash`: a
// value that becomes one of another type, or another order of fields, is a change, too.

/**
 * How many chains there are. The entries of one subject are in one chain; a chain has those of many. Part of
 * how entries are stored: another number would begin other chains.
 */
export const CHAINS = 16;

/** The end of a chain; of one without entries `{ sequence: 0, hash: '' }`. */
export interface Head {
  chain: number;
  sequence: number;
  hash: string;
}

/** What of an entry says where it belongs, and what its hash is of. */
export interface Entry extends Head {
  id: UUID;
  createdAt: Date;
  previousHash: string;
  key: UUID;
  content: Bytes;
}

/** Which chain an event belongs to, by its subject: whose data it tells of, else the document. */
export function chooseChain({ _id, user, document }: Stored): number {
  const subject = [user, document, _id].find((id) => id instanceof UUID) as UUID;
  return (subject.buffer[15] as number) % CHAINS;
}

/** Makes the entry that follows this head: its place, and the HMAC over all of it. */
export function makeEntry(
  { id, entries }: { id: UUID; entries: KeyObject },
  { chain, sequence, hash: previousHash }: Head,
  event: Stored,
): Stored & Head {
  const entry = { ...event, chain, sequence: sequence + 1, previousHash, key: id };
  const content = encode(entry).subarray(LENGTH, -1);
  return { ...entry, hash: signHmac(entries, asBuffer(content)).toString('base64url') };
}

/** Reads an entry as the database sends it; undefined when it has not the form of one. */
export function readEntry(bytes: Bytes): Entry | undefined {
  const at = bytes.length - HASH_ELEMENT - 1;
  const isSigned =
    bytes[at] === TYPE.string &&
    isName(bytes, at + 1, encodeName('hash')) &&
    readInt32(bytes, at + 6) === HASH + 1;
  const place = isSigned && pickPlace(bytes);
  if (!place) return undefined;
  const hash = Buffer.from(bytes.subarray(at + 10, at + 10 + HASH)).toString();
  return { ...place, hash, content: bytes.subarray(LENGTH, at) };
}

/** Whether the hash of an entry is the one of this key and its content. */
export function isGenuine(key: KeyObject, { content, hash }: Entry): boolean {
  return isSameSignature(Buffer.from(hash, 'base64url'), signHmac(key, asBuffer(content)));
}

/** The same bytes, which are not copied. */
function asBuffer({ buffer, byteOffset, length }: Bytes): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The bytes of the length that a document begins with. */
const LENGTH = 4;
/** 32 bytes in base64url. */
const HASH = 43;
/** Type, name with its NUL, length, text with its NUL. */
const HASH_ELEMENT = 1 + 5 + 4 + HASH + 1;

const PLACE = ['_id', 'chain', 'sequence', 'previousHash', 'key', 'createdAt'];

type Place = Omit<Entry, 'hash' | 'content'>;

function pickPlace(bytes: Bytes): Place | undefined {
  let found: Record<string, unknown>;
  try {
    found = pick(bytes, 0, PLACE);
  } catch {
    return undefined; // a type of value that no entry has
  }
  const { _id: id, chain, sequence, previousHash, key, createdAt } = found;
  if (!(id instanceof UUID && key instanceof UUID && createdAt instanceof Date)) return undefined;
  if (typeof chain !== 'number' || typeof sequence !== 'number') return undefined;
  if (typeof previousHash !== 'string') return undefined;
  return { id, key, createdAt, chain, sequence, previousHash };
}
