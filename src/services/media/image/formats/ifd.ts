import { corrupt, MediaError } from '../../media-error.ts';

/** Where a TIFF structure is: a file, or the EXIF block within one. */
export interface Bytes {
  /** The bytes from `offset` on: fewer than `length` only where they end. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** A directory of tags (TIFF 6.0 §2), whose values are read only when asked for. */
export interface Directory {
  entries: number;
  /** Where the next one is; 0 after the last. */
  next: number;
  /** Its numbers, at most 64 of them; none when the tag is missing or is no number. */
  numbers(tag: number): Promise<number[]>;
  /** Its text, at most 200 characters; empty when the tag is missing or is no text. */
  text(tag: number): Promise<string>;
}

export type Endian = 'LE' | 'BE';

const ENTRY = 12;
/** Honest files have a few dozen. */
const ENTRIES = 4096;
const VALUES = 64;
const TEXT = 200;
/** Bytes of a value by its type: unsigned and signed ones, text, fractions. */
const WIDTHS: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8 };

/** Byte order and the offset of the first directory; null when this is no TIFF structure. */
export function readTiffHead(head: Buffer): { endian: Endian; first: number } | null {
  const magic = head.toString('hex', 0, 4);
  if (head.length < 8 || !['49492a00', '4d4d002a'].includes(magic)) return null;
  const endian = magic === '49492a00' ? 'LE' : 'BE';
  return { endian, first: uint32(head, 4, endian) };
}

/** @throws MediaError when there is none at that offset, or an absurd one */
export async function readDirectory(
  bytes: Bytes,
  offset: number,
  endian: Endian,
): Promise<Directory> {
  const head = await bytes.read(offset, 2);
  if (head.length < 2) throw corrupt('A directory of tags lies beyond the end of this image.');
  const entries = uint16(head, 0, endian);
  if (entries > ENTRIES) throw new MediaError('TOO_COMPLEX', 'This image has too many tags.');
  const table = await bytes.read(offset + 2, entries * ENTRY + 4);
  if (table.length < entries * ENTRY) throw corrupt('This image breaks off within its tags.');
  const next = table.length < entries * ENTRY + 4 ? 0 : uint32(table, entries * ENTRY, endian);
  const find = (tag: number) => {
    for (let at = 0; at < entries * ENTRY; at += ENTRY) {
      if (uint16(table, at, endian) === tag) return table.subarray(at, at + ENTRY);
    }
    return null;
  };
  const value = async (entry: Buffer, most: number) => {
    const type = uint16(entry, 2, endian);
    const width = WIDTHS[type] ?? 0;
    const length = width * Math.min(most, uint32(entry, 4, endian));
    if (width * uint32(entry, 4, endian) <= 4)
      return { type, width, data: entry.subarray(8, 8 + length) };
    return { type, width, data: await bytes.read(uint32(entry, 8, endian), length) };
  };
  return {
    entries,
    next,
    async numbers(tag) {
      const entry = find(tag);
      if (!entry) return [];
      const { type, width, data } = await value(entry, VALUES);
      if (width === 0 || type === 2) return [];
      const count = Math.floor(data.length / width);
      return Array.from({ length: count }, (_, n) => number(data, n * width, type, endian));
    },
    async text(tag) {
      const entry = find(tag);
      if (!entry) return '';
      const { type, data } = await value(entry, TEXT);
      return type === 2 ? (data.toString('utf8').split('\0')[0] ?? '') : '';
    },
  };
}

function number(data: Buffer, at: number, type: number, endian: Endian): number {
  if (type === 3) return uint16(data, at, endian);
  if (type === 8) return (uint16(data, at, endian) << 16) >> 16;
  if (type === 4) return uint32(data, at, endian);
  if (type === 9) return uint32(data, at, endian) | 0;
  if (type === 5) return uint32(data, at, endian) / uint32(data, at + 4, endian);
  if (type === 10) return (uint32(data, at, endian) | 0) / (uint32(data, at + 4, endian) | 0);
  return data[at] ?? 0;
}

function uint16(bytes: Buffer, at: number, endian: Endian): number {
  return endian === 'LE' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function uint32(bytes: Buffer, at: number, endian: Endian): number {
  return endian === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
