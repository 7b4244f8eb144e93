import { createHash, randomFillSync } from 'node:crypto';
import mongoose from 'mongoose';

/**
 * The UUID class (BSON binary subtype 4) of the driver that Mongoose brings; that of another copy
 * is another class.
 */
export const UUID = mongoose.mongo.UUID;
export type UUID = InstanceType<typeof mongoose.mongo.UUID>;

// The two hex digits of each byte, and the positions of an id's bytes in its text.
const DIGITS = Buffer.from(
  Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')).join(''),
);
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const text = Buffer.alloc(36, '-');
/** The form of an id as text. */
export const ID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const random = Buffer.alloc(4096);
let used = random.length;
/** The clock was set, where it goes back by so many ms. */
const FAR = 10_000;
let last = 0;
let counter = 0;

/**
 * Makes a UUIDv7 for a time (ms since 1970). Ids sort by creation, within one millisecond of one
 * process by a counter of 12 bits.
 */
export function newId(now: number): UUID {
  // A clock that was far ahead for a moment must not make ids of the future ever after.
  if (now > last || now < last - FAR) {
    last = now;
    counter = 0;
  } else if (++counter > 0xfff) {
    last++;
    counter = 0;
  }
  if (used + 8 > random.length) {
    randomFillSync(random);
    used = 0;
  }
  const id = Buffer.allocUnsafe(16);
  id.writeUIntBE(last, 0, 6);
  id.writeUInt16BE(0x7000 | counter, 6);
  random.copy(id, 8, used, used + 8);
  used += 8;
  id[8] = ((id[8] as number) & 0x3f) | 0x80;
  return new UUID(id);
}

/** Lists each of these ids once. */
export function listDistinct(ids: UUID[]): UUID[] {
  return [...new Map(ids.map((id) => [idText(id), id])).values()];
}

/** Derives the nth id from a reserved id: the same each time. */
export function nthId(promised: UUID, n: number): UUID {
  const id = Buffer.from(promised.buffer);
  createHash('sha256').update(id).update(`${n}`).digest().copy(id, 9, 0, 7);
  return new UUID(id);
}

/** The lowest id of a time (ms since 1970): ids made then or later are greater. */
export function lowestIdAt(time: number): UUID {
  const id = Buffer.alloc(16);
  id.writeUIntBE(time, 0, 6);
  return new UUID(id);
}

/**
 * The lower-case text of a UUID. Writing bytes into one buffer costs half of what concatenation
 * does.
 */
export function idText(id: UUID): string {
  const { buffer } = id;
  for (let i = 0; i < 16; i++) {
    const at = PLACES[i] as number;
    const digits = (buffer[i] as number) * 2;
    text[at] = DIGITS[digits] as number;
    text[at + 1] = DIGITS[digits + 1] as number;
  }
  return text.toString('latin1');
}

/** Reads the text of an id; undefined when it is no lower-case UUID. */
export function parseId(text: unknown): UUID | undefined {
  return typeof text === 'string' && ID_FORM.test(text) ? new UUID(text) : undefined;
}
