import { corrupt, MediaError } from '../../media-error.ts';

/** An element of a Matroska file: its number with its marker bits, and where its body is. */
export interface Element {
  id: number;
  start: number;
  /** null: it ends where something of its own level begins. */
  end: number | null;
}

/** Read within one element: an honest list of tracks has some hundreds. */
const ELEMENTS = 2000;

/** The header of the element at this place in the bytes. Source: RFC 8794. */
export function elementAt(bytes: Buffer, at: number): Element {
  const first = bytes[at] ?? 0;
  const idLength = Math.clz32(first) - 23;
  if (idLength > 4 || at + idLength >= bytes.length) throw broken();
  const id = bytes.readUIntBE(at, idLength);
  const sizeAt = at + idLength;
  const marker = bytes[sizeAt] ?? 0;
  const length = Math.clz32(marker) - 23;
  if (length > 8 || sizeAt + length > bytes.length) throw broken();
  let size = marker & (0xff >> length);
  let isUnknown = size === 0xff >> length;
  for (let n = 1; n < length; n++) {
    const byte = bytes[sizeAt + n] ?? 0;
    isUnknown &&= byte === 0xff;
    size = size * 256 + byte;
  }
  const start = sizeAt + length;
  if (!isUnknown && !Number.isSafeInteger(size)) throw broken();
  return { id, start, end: isUnknown ? null : start + size };
}

/** The elements of a body that is held whole, by number; of each the last first. */
export function elementsIn(body: Buffer): { id: number; body: Buffer }[] {
  const found: { id: number; body: Buffer }[] = [];
  for (let at = 0; at < body.length; ) {
    if (found.length === ELEMENTS) {
      throw new MediaError('TOO_COMPLEX', 'This Matroska file describes too much.');
    }
    const { id, start, end } = elementAt(body, at);
    if (end === null || end > body.length) throw broken();
    found.push({ id, body: body.subarray(start, end) });
    at = end;
  }
  return found;
}

export function unsigned(body: Buffer | undefined): number | null {
  if (!body || body.length > 8) return null;
  return body.reduce((value, byte) => value * 256 + byte, 0);
}

export function float(body: Buffer | undefined): number | null {
  const value =
    body?.length === 4 ? body.readFloatBE() : body?.length === 8 ? body.readDoubleBE() : null;
  return value !== null && Number.isFinite(value) ? value : null;
}

function broken(): MediaError {
  return corrupt('This Matroska file is broken: an element does not fit where it is.');
}
