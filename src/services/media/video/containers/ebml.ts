import { corrupt, MediaError } from '../../media-error.ts';

/** An element of a Matroska file: its id with the marker bits, and where its body is. */
export interface Element {
  id: number;
  start: number;
  /** null for an unknown size: it ends where the next element of its level begins. */
  end: number | null;
}

/** The most elements within one: an ordinary list of tracks has a few hundred. */
const MOST_ELEMENTS = 2000;

/** Reads the header of the element at this offset. Source: RFC 8794. */
export function readElementAt(bytes: Buffer, at: number): Element {
  const first = bytes[at] ?? 0;
  const idLength = Math.clz32(first) - 23;
  if (idLength > 4 || at + idLength >= bytes.length) throw corruptElement();
  const id = bytes.readUIntBE(at, idLength);
  const sizeAt = at + idLength;
  const marker = bytes[sizeAt] ?? 0;
  const length = Math.clz32(marker) - 23;
  if (length > 8 || sizeAt + length > bytes.length) throw corruptElement();
  let size = marker & (0xff >> length);
  let isUnknown = size === 0xff >> length;
  for (let n = 1; n < length; n++) {
    const byte = bytes[sizeAt + n] ?? 0;
    isUnknown &&= byte === 0xff;
    size = size * 256 + byte;
  }
  const start = sizeAt + length;
  if (!isUnknown && !Number.isSafeInteger(size)) throw corruptElement();
  return { id, start, end: isUnknown ? null : start + size };
}

/** Reads the elements within a body. */
export function readElements(body: Buffer): { id: number; body: Buffer }[] {
  const found: { id: number; body: Buffer }[] = [];
  for (let at = 0; at < body.length; ) {
    if (found.length === MOST_ELEMENTS) {
      throw new MediaError('TOO_COMPLEX', 'This Matroska file has too many elements.');
    }
    const { id, start, end } = readElementAt(body, at);
    if (end === null || end > body.length) throw corruptElement();
    found.push({ id, body: body.subarray(start, end) });
    at = end;
  }
  return found;
}

export function readUnsigned(body: Buffer | undefined): number | null {
  if (!body || body.length > 8) return null;
  return body.reduce((value, byte) => value * 256 + byte, 0);
}

export function readFloat(body: Buffer | undefined): number | null {
  const value =
    body?.length === 4 ? body.readFloatBE() : body?.length === 8 ? body.readDoubleBE() : null;
  return value !== null && Number.isFinite(value) ? value : null;
}

function corruptElement(): MediaError {
  return corrupt('This Matroska file has an element that is longer than what contains it.');
}
