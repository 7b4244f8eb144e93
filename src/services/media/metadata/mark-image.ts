import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { buildXmp, type GeneratedTerm } from './source-type.ts';

// Puts an XMP packet into a picture without touching its pixels, as it streams by. A picture that has XMP already
// says for itself what it is; one with content credentials is signed, and would not be what was signed any more:
// both are left as they are.

/** A file as it streams, and its size in bytes. */
export interface SizedStream {
  stream: Readable;
  size: number;
}

/** What is looked at to decide: texts of generators come before the pixels. */
const MOST_HEAD = 4 * 1024 * 1024;

/** Marks a PNG, a JPEG or a WebP that has an extended header; any other file passes unchanged. */
export async function markImage(image: SizedStream, term: GeneratedTerm): Promise<SizedStream> {
  const chunks = image.stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const xmp = Buffer.from(buildXmp(term));
  const parts: Buffer[] = [];
  let length = 0;
  let head: Buffer;
  let marks: Marks | 'MORE' | null;
  do {
    const next = await chunks.next();
    if (!next.done) parts.push(next.value);
    length += next.done ? 0 : next.value.length;
    head = Buffer.concat(parts);
    marks = next.done || length > MOST_HEAD ? null : plan(head, xmp);
  } while (marks === 'MORE');
  const { head: marked, tail } = marks ?? { head, tail: Buffer.alloc(0) };
  const pass = async function* () {
    yield marked;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    if (tail.length > 0) yield tail;
  };
  const size = image.size + marked.length - head.length + tail.length;
  return { stream: Readable.from(pass()), size };
}

/** The head as it is to be, and what is added at the end. */
interface Marks {
  head: Buffer;
  tail: Buffer;
}

/** What is changed of a file that begins so; null where nothing is, MORE where that is not known yet. */
function plan(head: Buffer, xmp: Buffer): Marks | 'MORE' | null {
  if (head.length < 32) return 'MORE';
  const format = head.toString('latin1', 0, 4);
  if (format === '\x89PNG') return planPng(head, xmp);
  if (head.readUInt16BE(0) === 0xffd8) return planJpeg(head, xmp);
  if (format === 'RIFF' && head.toString('latin1', 8, 16) === 'WEBPVP8X') {
    return planWebp(head, xmp);
  }
  return null;
}

const insertAt = (head: Buffer, at: number, bytes: Buffer): Marks => ({
  head: Buffer.concat([head.subarray(0, at), bytes, head.subarray(at)]),
  tail: Buffer.alloc(0),
});

const XMP_KEYWORD = 'XML:com.adobe.xmp';
/** The signature, and the chunk of the header. */
const PNG_HEADER = 33;

function planPng(head: Buffer, xmp: Buffer): Marks | 'MORE' | null {
  for (let at = 8; at + 8 <= head.length; ) {
    const length = head.readUInt32BE(at);
    const type = head.toString('latin1', at + 4, at + 8);
    if (type === 'caBX') return null;
    // Libraries may have compressed it, which makes it a text of another kind.
    const keyword = head.toString('latin1', at + 8, at + 8 + XMP_KEYWORD.length);
    if (/^(iTXt|tEXt|zTXt)$/.test(type) && keyword === XMP_KEYWORD) return null;
    if (type === 'IDAT') return insertAt(head, PNG_HEADER, makeTextChunk(xmp));
    at += 12 + length;
  }
  return 'MORE';
}

/** International text: keyword, no compression, no language, no translated keyword. */
function makeTextChunk(xmp: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from(`iTXt${XMP_KEYWORD}\0\0\0\0\0`, 'latin1'), xmp]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length - 4);
  crc.writeUInt32BE(crc32(data));
  return Buffer.concat([length, data, crc]);
}

const XMP_SEGMENT = 'http://ns.adobe.com/xap/1.0/\0';

function planJpeg(head: Buffer, xmp: Buffer): Marks | 'MORE' | null {
  let at = 2;
  while (at + 4 <= head.length) {
    const marker = head.readUInt16BE(at);
    const isApplication = marker >= 0xffe0 && marker <= 0xffef;
    if (!isApplication && marker !== 0xfffe) return insertAt(head, at, makeSegment(xmp));
    // Content credentials are in segments of JUMBF.
    if (marker === 0xffeb) return null;
    const name = head.toString('latin1', at + 4, at + 4 + XMP_SEGMENT.length);
    if (marker === 0xffe1 && name === XMP_SEGMENT) return null;
    at += 2 + head.readUInt16BE(at + 2);
  }
  return 'MORE';
}

function makeSegment(xmp: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from(XMP_SEGMENT, 'latin1'), xmp]);
  const start = Buffer.from([0xff, 0xe1, 0, 0]);
  start.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([start, data]);
}

const XMP_FLAG = 0x04;

/** The packet is the last chunk of the file, and a flag in the header says that it is there. */
function planWebp(head: Buffer, xmp: Buffer): Marks | null {
  const flags = head.readUInt8(20);
  if (flags & XMP_FLAG) return null;
  const start = Buffer.from('XMP \0\0\0\0', 'latin1');
  start.writeUInt32LE(xmp.length, 4);
  const tail = Buffer.concat([start, xmp, Buffer.alloc(xmp.length % 2)]);
  const marked = Buffer.from(head);
  marked.writeUInt32LE(head.readUInt32LE(4) + tail.length, 4);
  marked.writeUInt8(flags | XMP_FLAG, 20);
  return { head: marked, tail };
}
