// JSON text as it is written: one buffer for the process, since whoever begins a text ends it before
// anything else runs. Bytes joined here cost half of what strings do that are joined.

const USUAL = 256 * 1024;
const HEX = Buffer.from('0123456789abcdef');
const BEGIN = Buffer.from('[');
const END = Buffer.from(']');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What stands behind a backslash for a control character that has a letter of its own. */
const LETTERS: Record<number, number> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 };

export const OPEN = Buffer.from('{');
export const CLOSE = Buffer.from('}');
export const COMMA = Buffer.from(',');

let text = Buffer.allocUnsafe(USUAL);
let end = 0;

/** The text that a function writes. */
export function textBy(write: () => void): string {
  end = 0;
  write();
  const written = text.toString('utf8', 0, end);
  if (text.length > USUAL) text = Buffer.allocUnsafe(USUAL);
  return written;
}

/** Writes bytes of ASCII, or of whole characters. */
export function put(bytes: Uint8Array): void {
  const { length } = bytes;
  room(length);
  const into = text;
  let at = end;
  for (let i = 0; i < length; i++) into[at++] = bytes[i] as number;
  end = at;
}

/** Writes a text of ASCII, such as a number. */
export function putAscii(ascii: string): void {
  const { length } = ascii;
  room(length);
  const into = text;
  let at = end;
  for (let i = 0; i < length; i++) into[at++] = ascii.charCodeAt(i);
  end = at;
}

/** Writes a JSON array, of items that `putOne` writes. */
export function putList<T>(items: T[], putOne: (item: T) => void): void {
  put(BEGIN);
  for (let i = 0; i < items.length; i++) {
    if (i > 0) put(COMMA);
    putOne(items[i] as T);
  }
  put(END);
}

/** Writes the digits of bytes. */
export function putHex(bytes: Uint8Array, from: number, to: number): void {
  room(2 * (to - from));
  const into = text;
  let at = end;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    into[at++] = HEX[byte >> 4] as number;
    into[at++] = HEX[byte & 15] as number;
  }
  end = at;
}

/** Writes UTF-8 as a JSON string. */
export function putString(bytes: Uint8Array, from: number, to: number): void {
  room(6 * (to - from) + 2); // all of them escaped
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

function room(bytes: number): void {
  if (end + bytes <= text.length) return;
  const larger = Buffer.allocUnsafe(Math.max(2 * text.length, end + bytes));
  text.copy(larger, 0, 0, end);
  text = larger;
}
