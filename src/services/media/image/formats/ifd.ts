import { corrupt, MediaError } from '../../media-error.ts';

/** Bytes with a TIFF structure: a file, or an EXIF block within one. */
export interface Bytes {
  /** The bytes from `offset` on: fewer than `length` only where they end. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** A directory of tags (an IFD, TIFF 6.0 §2), whose values are read on demand. */
export interface Directory {
  entries: number;
  /** Offset of the next directory; 0 in the last. */
  next: number;
  /** The numbers of a tag, at most 64; none when the tag is missing or not numeric. */
  readNumbers(tag: number): Promise<number[]>;
  /**
   * The text of a tag, at most 200 bytes unless more are asked for; empty when the tag is missing or
   * not text.
   */
  readText(tag: number, mostBytes?: number): Promise<string>;
  /** The bytes of a tag of no particular type, at most so many; empty when it is missing. */
  readBytes(tag: number, mostBytes: number): Promise<Buffer>;
}

export type Endian = 'LE' | 'BE';

const ENTRY_BYTES = 12;
/** Ordinary files have a few dozen. */
const MOST_ENTRIES = 4096;
const MOST_VALUES = 64;
const MOST_CHARACTERS = 200;
/** Bytes of a value by its type: integers, text (2), fractions (5, 10). */
const BYTES_OF_TYPE: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
};

/** Reads byte order and offset of the first directory; null when this is no TIFF structure. */
export function readTiffHead(head: Buffer): { endian: Endian; first: number } | null {
  const magic = head.toString('hex', 0, 4);
  if (head.length < 8 || !['49492a00', '4d4d002a'].includes(magic)) return null;
  const endian = magic === '49492a00' ? 'LE' : 'BE';
  return { endian, first: readUint32(head, 4, endian) };
}

/** Reads the directory at an offset. @throws MediaError when it is missing, cut off or too large */
export async function readDirectory(
  bytes: Bytes,
  offset: number,
  endian: Endian,
): Promise<Directory> {
  const head = await bytes.read(offset, 2);
  if (head.length < 2) throw corrupt('A directory of tags lies beyond the end of this image.');
  const entries = readUint16(head, 0, endian);
  if (entries > MOST_ENTRIES) throw new MediaError('TOO_COMPLEX', 'This image has too many tags.');
  const table = await bytes.read(offset + 2, entries * ENTRY_BYTES + 4);
  if (table.length < entries * ENTRY_BYTES) throw corrupt('This image ends within its tags.');
  const next =
    table.length < entries * ENTRY_BYTES + 4 ? 0 : readUint32(table, entries * ENTRY_BYTES, endian);
  const findEntry = (tag: number) => {
    for (let at = 0; at < entries * ENTRY_BYTES; at += ENTRY_BYTES) {
      if (readUint16(table, at, endian) === tag) return table.subarray(at, at + ENTRY_BYTES);
    }
    return null;
  };
  const readValue = async (entry: Buffer, most: number) => {
    const type = readUint16(entry, 2, endian);
    const width = BYTES_OF_TYPE[type] ?? 0;
    const length = width * Math.min(most, readUint32(entry, 4, endian));
    if (width * readUint32(entry, 4, endian) <= 4)
      return { type, width, data: entry.subarray(8, 8 + length) };
    return { type, width, data: await bytes.read(readUint32(entry, 8, endian), length) };
  };
  return {
    entries,
    next,
    async readNumbers(tag) {
      const entry = findEntry(tag);
      if (!entry) return [];
      const { type, width, data } = await readValue(entry, MOST_VALUES);
      if (width === 0 || type === 2) return [];
      const count = Math.floor(data.length / width);
      return Array.from({ length: count }, (_, n) => readNumber(data, n * width, type, endian));
    },
    async readText(tag, mostBytes = MOST_CHARACTERS) {
      const entry = findEntry(tag);
      if (!entry) return '';
      const { type, data } = await readValue(entry, mostBytes);
      return type === 2 ? (data.toString('utf8').split('\0')[0] ?? '') : '';
    },
    async readBytes(tag, mostBytes) {
      const entry = findEntry(tag);
      return entry ? (await readValue(entry, mostBytes)).data : Buffer.alloc(0);
    },
  };
}

function readNumber(data: Buffer, at: number, type: number, endian: Endian): number {
  if (type === 3) return readUint16(data, at, endian);
  if (type === 8) return (readUint16(data, at, endian) << 16) >> 16;
  if (type === 4) return readUint32(data, at, endian);
  if (type === 9) return readUint32(data, at, endian) | 0;
  if (type === 5) return readUint32(data, at, endian) / readUint32(data, at + 4, endian);
  if (type === 10)
    return (readUint32(data, at, endian) | 0) / (readUint32(data, at + 4, endian) | 0);
  return data[at] ?? 0;
}

function readUint16(bytes: Buffer, at: number, endian: Endian): number {
  return endian === 'LE' ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function readUint32(bytes: Buffer, at: number, endian: Endian): number {
  return endian === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
