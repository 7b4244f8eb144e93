import type { BoundedFile } from '../bounded-file.ts';
import type { Edit, Plan } from './mark-image.ts';
import type { Part } from './parts.ts';
import { MOST_PACKET } from './plan-mark.ts';
import { addTerm, buildXmp } from './source-type.ts';

// A WebP is a list of chunks in a RIFF. One with XMP has an extended header (VP8X), whose flags say what else there is.
// https://developers.google.com/speed/webp/docs/riff_container

const [XMP_FLAG, ALPHA_FLAG] = [0x04, 0x10];
/** Where the length of the whole is, where the first chunk begins, and what a chunk has before its content. */
const [RIFF_LENGTH, FIRST_CHUNK, CHUNK_HEAD] = [4, 12, 8];

export const planWebp: Plan = async (file, all, term) => {
  const end = CHUNK_HEAD + (await file.read(RIFF_LENGTH, 4)).readUInt32LE(0);
  const parts = all.filter(({ start }) => start <= end);
  const last = parts.at(-1);
  // Cut off, or with a length that is not true.
  if (!last || end > file.size || findEnd(last) !== end) return null;
  const header = await planHeader(file, parts[0] as Part);
  const packet = await planPacket(
    file,
    parts,
    end,
    () => buildXmp(term),
    (xmp) => addTerm(xmp, term),
  );
  if (!header || !packet) return null;
  const grows = [header, packet].reduce((sum, { insert, drops }) => sum + insert.length - drops, 0);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(end - CHUNK_HEAD + grows);
  return [{ at: RIFF_LENGTH, drops: 4, insert: length }, header, packet];
};

const findEnd = ({ start, length }: Part) => start + length + (length % 2);

/** Sets the flag of XMP, in an extended header that is made where there is none. */
async function planHeader(file: BoundedFile, { name, start }: Part): Promise<Edit | null> {
  const content = await file.read(start, 10);
  if (content.length < 10) return null;
  if (name === 'VP8X') {
    const flags = Buffer.from([content.readUInt8(0) | XMP_FLAG]);
    return { at: start, drops: 1, insert: flags };
  }
  const size =
    name === 'VP8 ' ? readLossy(content) : name === 'VP8L' ? readLossless(content) : null;
  if (!size) return null;
  const header = Buffer.alloc(CHUNK_HEAD + 10);
  header.write('VP8X', 'latin1');
  header.writeUInt32LE(10, 4);
  header.writeUInt8(XMP_FLAG | (size.hasAlpha ? ALPHA_FLAG : 0), 8);
  header.writeUIntLE(size.width - 1, 12, 3);
  header.writeUIntLE(size.height - 1, 15, 3);
  return { at: FIRST_CHUNK, drops: 0, insert: header };
}

interface Size {
  width: number;
  height: number;
  hasAlpha: boolean;
}

/** After a tag of three bytes and a code of three: 14 bits each, and two for scaling (RFC 6386 §9.1). */
function readLossy(content: Buffer): Size | null {
  if (content.toString('hex', 3, 6) !== '9d012a') return null;
  const [width, height] = [content.readUInt16LE(6) & 0x3fff, content.readUInt16LE(8) & 0x3fff];
  return width > 0 && height > 0 ? { width, height, hasAlpha: false } : null;
}

/** After a byte that names the format: 14 bits each, less one, and one for transparency. */
function readLossless(content: Buffer): Size | null {
  if (content.readUInt8(0) !== 0x2f) return null;
  const bits = content.readUInt32LE(1);
  const [width, height] = [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  return { width, height, hasAlpha: ((bits >>> 28) & 1) === 1 };
}

/** The packet in place of the one that there is, or at the end; null where that cannot be added to. */
async function planPacket(
  file: BoundedFile,
  parts: readonly Part[],
  end: number,
  build: () => string,
  add: (packet: string) => string | null,
): Promise<Edit | null> {
  const part = parts.find(({ name }) => name === 'XMP ');
  if (!part) return { at: end, drops: 0, insert: makeChunk(build()) };
  if (part.length > MOST_PACKET) return null;
  const added = add((await file.read(part.start, part.length)).toString('utf8'));
  const at = part.start - CHUNK_HEAD;
  return added ? { at, drops: findEnd(part) - at, insert: makeChunk(added) } : null;
}

function makeChunk(xmp: string): Buffer {
  const data = Buffer.from(xmp);
  const start = Buffer.from('XMP \0\0\0\0', 'latin1');
  start.writeUInt32LE(data.length, 4);
  return Buffer.concat([start, data, Buffer.alloc(data.length % 2)]);
}
