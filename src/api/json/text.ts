// Writes JSON text into one buffer for the whole process: a text is begun and ended synchronously,
// so no two are written at once. Appending bytes costs half of what concatenating strings does.

const USUAL = 256 * 1024;
const HEX = Buffer.from('0123456789abcdef');
const QUOTE = 0x22;
const DASH = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;
const Z = 0x5a;
const BACKSLASH = 0x5c;
/** The escape letters of the control characters that have one: `\n`. */
const LETTERS: Record<number, number> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 };

/** The punctuation of JSON. */
export const OPEN = Buffer.from('{');
export const CLOSE = Buffer.from('}');
export const BEGIN = Buffer.from('[');
export const END = Buffer.from(']');
export const COMMA = Buffer.from(',');

let text = Buffer.allocUnsafe(USUAL);
let end = 0;
/** Up to where `escapes` have been counted. */
let counted = 0;
let escapes = 0;

/** Returns the text that a function writes. */
export function writeText(write: () => void): string {
  end = 0;
  counted = 0;
  escapes = 0;
  write();
  const written = text.toString('utf8', 0, end);
  if (text.length > USUAL) text = Buffer.allocUnsafe(USUAL);
  return written;
}

/** Writes bytes of complete UTF-8 characters. */
export function put(bytes: Uint8Array): void {
  const { length } = bytes;
  ensureRoom(length);
  const into = text;
  let at = end;
  for (let i = 0; i < length; i++) into[at++] = bytes[i] as number;
  end = at;
}

/** Writes ASCII text, such as a number. */
export function putAscii(ascii: string): void {
  const { length } = ascii;
  ensureRoom(length);
  const into = text;
  let at = end;
  for (let i = 0; i < length; i++) into[at++] = ascii.charCodeAt(i);
  end = at;
}

/** How much may be written of a list. */
interface Room {
  /** The most bytes of the text when it ends, as `countText` counts them. */
  limit: number;
  /** How many of its items are written, whether or not there is room. */
  least: number;
}

const ENDLESS: Room = { limit: Number.POSITIVE_INFINITY, least: 0 };

/**
 * Writes a JSON array, whose items `putOne` writes: as many of them as there is room for. Returns
 * how many these are.
 */
export function putList<T>(items: T[], putOne: (item: T) => void, room = ENDLESS): number {
  put(BEGIN);
  let written = 0;
  for (; written < items.length; written++) {
    const before = end;
    if (written > 0) put(COMMA);
    putOne(items[written] as T);
    if (written >= room.least && isOver(room.limit)) {
      takeBack(before);
      break;
    }
  }
  put(END);
  return written;
}

/**
 * Counts the bytes that are written, as Lambda does: there the text is a string within another
 * JSON text, in which each quote and backslash is escaped by one more byte.
 */
export function countText(): number {
  for (; counted < end; counted++) if (isEscaped(text[counted] as number)) escapes++;
  return end + escapes;
}

function isOver(limit: number): boolean {
  // At most each byte is escaped, so a short text need not be counted.
  return 2 * end > limit && countText() > limit;
}

/** Takes back what was written after a position. */
function takeBack(to: number): void {
  for (; counted > to; counted--) if (isEscaped(text[counted - 1] as number)) escapes--;
  end = to;
}

function isEscaped(byte: number): boolean {
  return byte === QUOTE || byte === BACKSLASH;
}

/** Writes a number; NaN and infinity are null, as in JSON.stringify. */
export function putNumber(number: number): void {
  if (number >= 0 && number < 10 && Number.isInteger(number)) {
    ensureRoom(1);
    text[end++] = ZERO + number;
  } else putAscii(Number.isFinite(number) ? `${number}` : 'null');
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 1000;
const days = new Map<number, string>();

/** Writes a time, ms since 1970, as ISO 8601. */
export function putDate(time: number): void {
  const day = Math.floor(time / DAY_MS);
  const ms = time - day * DAY_MS;
  const s = Math.floor(ms / 1000);
  const m = Math.floor(s / 60);
  ensureRoom(50);
  text[end++] = QUOTE;
  putAscii(days.get(day) ?? nameDay(day));
  putDigits(Math.floor(m / 60), 2, COLON);
  putDigits(m % 60, 2, COLON);
  putDigits(s % 60, 2, POINT);
  putDigits(ms % 1000, 3, Z);
  text[end++] = QUOTE;
}

/** The date part of a day's times, cached: the times of an answer are of few days. */
function nameDay(day: number): string {
  if (days.size >= MOST_DAYS) days.clear();
  const name = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length);
  days.set(day, name);
  return name;
}

function putDigits(number: number, width: number, mark: number): void {
  let rest = number;
  for (let at = end + width - 1; at >= end; at--) {
    text[at] = ZERO + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
  end += width;
  text[end++] = mark;
}

/** Writes the UUID whose 16 bytes begin here. */
export function putUuid(bytes: Uint8Array, from: number): void {
  ensureRoom(38);
  const into = text;
  let at = end;
  into[at++] = QUOTE;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) into[at++] = DASH;
    const byte = bytes[from + i] as number;
    into[at++] = HEX[byte >> 4] as number;
    into[at++] = HEX[byte & 15] as number;
  }
  into[at++] = QUOTE;
  end = at;
}

/** Writes UTF-8 as a JSON string. */
export function putString(bytes: Uint8Array, from: number, to: number): void {
  ensureRoom(6 * (to - from) + 2); // when every byte is escaped
  const into = text;
  let at = end;
  into[at++] = QUOTE;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20) {
      const letter = LETTERS[byte];
      into[at++] = BACKSLASH;
      if (letter === undefined) {
        at += into.write(`u00${byte.toString(16).padStart(2, '0')}`, at);
      } else into[at++] = letter;
    } else {
      if (byte === QUOTE || byte === BACKSLASH) into[at++] = BACKSLASH;
      into[at++] = byte;
    }
  }
  into[at++] = QUOTE;
  end = at;
}

function ensureRoom(bytes: number): void {
  if (end + bytes <= text.length) return;
  const larger = Buffer.allocUnsafe(Math.max(2 * text.length, end + bytes));
  text.copy(larger, 0, 0, end);
  text = larger;
}
