import { crc32 } from 'node:zlib';
import { readPngText } from '../image/png-texts.ts';
import type { Edit, Plan } from './mark-image.ts';
import type { Part } from './parts.ts';
import { addTerm, buildXmp } from './source-type.ts';

/** The most bytes of a packet that is read to be added to. */
export const MOST_PACKET = 1024 * 1024;

const XMP_KEYWORD = 'XML:com.adobe.xmp';
const TEXTS = ['iTXt', 'tEXt', 'zTXt'];
/** The signature, and the chunk of the header. */
const PNG_HEADER = 33;
/** What a chunk has before its content, and with what is after it. */
const [CHUNK_HEAD, CHUNK_FRAME] = [8, 12];

export const planPng: Plan = async (file, parts, term) => {
  if (!parts.some(({ name }) => name === 'IDAT')) return null;
  for (const { name, start, length } of parts) {
    if (!TEXTS.includes(name)) continue;
    // Libraries may have compressed it, which makes it a text of another kind.
    const key = (await file.read(start, XMP_KEYWORD.length + 1)).toString('latin1');
    if (key !== `${XMP_KEYWORD}\0`) continue;
    if (length > MOST_PACKET) return null;
    const packet = readPngText(name, await file.read(start, length), MOST_PACKET)?.[1];
    const added = packet && addTerm(packet, term);
    if (!added) return null;
    return [{ at: start - CHUNK_HEAD, drops: length + CHUNK_FRAME, insert: makeTextChunk(added) }];
  }
  return [{ at: PNG_HEADER, drops: 0, insert: makeTextChunk(buildXmp(term)) }];
};

/** International text: keyword, no compression, no language, no translated keyword. */
function makeTextChunk(xmp: string): Buffer {
  const start = Buffer.from(`iTXt${XMP_KEYWORD}\0\0\0\0\0`, 'latin1');
  const data = Buffer.concat([start, Buffer.from(xmp)]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length - 4);
  crc.writeUInt32BE(crc32(data));
  return Buffer.concat([length, data, crc]);
}

const XMP_SEGMENT = 'http://ns.adobe.com/xap/1.0/\0';
/** The marker and the length of a segment, and the most bytes that it may have after its marker. */
const SEGMENT_HEAD = 4;
const LARGEST_SEGMENT = 0xffff;

export const planJpeg: Plan = async (file, parts, term) => {
  const first = parts.find(({ name }) => !/^(APP\d+|fe)$/.test(name));
  if (!first || first.start + first.length > file.size) return null;
  for (const { name, start, length } of parts) {
    if (name !== 'APP1' || length < XMP_SEGMENT.length) continue;
    const content = (await file.read(start, length)).toString('latin1');
    if (!content.startsWith(XMP_SEGMENT)) continue;
    const packet = Buffer.from(content.slice(XMP_SEGMENT.length), 'latin1').toString('utf8');
    const added = addTerm(packet, term);
    return added ? replaceSegment({ name, start, length }, makeSegment(added)) : null;
  }
  const insert = makeSegment(buildXmp(term));
  return insert && [{ at: first.start - SEGMENT_HEAD, drops: 0, insert }];
};

function replaceSegment({ start, length }: Part, insert: Buffer | null): Edit[] | null {
  return insert && [{ at: start - SEGMENT_HEAD, drops: length + SEGMENT_HEAD, insert }];
}

/** Null where it would be longer than a segment can be. */
function makeSegment(xmp: string): Buffer | null {
  const data = Buffer.concat([Buffer.from(XMP_SEGMENT, 'latin1'), Buffer.from(xmp)]);
  if (data.length + 2 > LARGEST_SEGMENT) return null;
  const start = Buffer.from([0xff, 0xe1, 0, 0]);
  start.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([start, data]);
}
