import type { BoundedFile } from '../bounded-file.ts';

/** A part of a file: a chunk, a segment, a block or a box, by the format's own name. */
export interface Part {
  name: string;
  /** Where its content begins, after its header. */
  start: number;
  length: number;
}

/** Parts listed of a file; a file with more is an ordinary one whose later parts are not looked at. */
const MOST_PARTS = 10_000;

/**
 * Lists the parts that a file is made of, without reading them: those of PNG, JPEG (up to its
 * pixels), WebP, WAV, AIFF, FLAC, MP4 and its relatives; of another format none. A broken file ends
 * early: what it is worth is decided elsewhere.
 */
export async function listParts(file: BoundedFile): Promise<Part[]> {
  const head = await file.read(0, 16);
  const start = await findEndOfId3(file, head);
  const magic = start > 0 ? await file.read(start, 16) : head;
  const step = chooseStep(magic);
  const parts: Part[] = [];
  if (!step) return parts;
  for (let at = start + step.first; at + step.header <= file.size && parts.length < MOST_PARTS; ) {
    const next = step.read(await file.read(at, step.header), at, file.size);
    if (!next || next.end <= at) break;
    if (next.part) parts.push(next.part);
    at = next.end;
  }
  return parts;
}

interface Step {
  /** Where the first part begins. */
  first: number;
  /** Bytes read of each part to know its name and length. */
  header: number;
  read(head: Buffer, at: number, size: number): { part: Part | null; end: number } | null;
}

function chooseStep(magic: Buffer): Step | null {
  const text = magic.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return PNG;
  if (text.startsWith('\xff\xd8\xff')) return JPEG;
  if (/^(RIFF|RF64|BW64)/.test(text)) return RIFF;
  if (/^FORM....AIF[FC]/s.test(text)) return AIFF;
  if (text.startsWith('fLaC')) return FLAC;
  if (/^....(ftyp|moov|mdat|wide|free|skip|pnot)/s.test(text)) return BOXES;
  return null;
}

const PNG: Step = {
  ...{ first: 8, header: 8 },
  read(head, at) {
    const length = head.readUInt32BE(0);
    const part = { name: head.toString('latin1', 4, 8), start: at + 8, length };
    return part.name === 'IEND' ? null : { part, end: at + 12 + length };
  },
};

const JPEG: Step = {
  ...{ first: 2, header: 4 },
  read(head, at) {
    const marker = head[1] ?? 0;
    if (head[0] !== 0xff || marker === 0xda || marker === 0xd9) return null;
    if (marker === 0xff) return { part: null, end: at + 1 }; // padding
    const length = head.readUInt16BE(2);
    const name = marker >= 0xe0 && marker <= 0xef ? `APP${marker - 0xe0}` : marker.toString(16);
    return { part: { name, start: at + 4, length: length - 2 }, end: at + 2 + length };
  },
};

const RIFF: Step = {
  ...{ first: 12, header: 8 },
  read(head, at) {
    const length = head.readUInt32LE(4);
    const part = { name: head.toString('latin1', 0, 4), start: at + 8, length };
    return { part, end: at + 8 + length + (length & 1) };
  },
};

const AIFF: Step = {
  ...{ first: 12, header: 8 },
  read(head, at) {
    const length = head.readUInt32BE(4);
    const part = { name: head.toString('latin1', 0, 4), start: at + 8, length };
    return { part, end: at + 8 + length + (length & 1) };
  },
};

/** Blocks are named by their number. */
const FLAC: Step = {
  ...{ first: 4, header: 4 },
  read(head, at, size) {
    const [kind = 0, length] = [head[0], head.readUIntBE(1, 3)];
    const isLast = kind >> 7 === 1;
    const part = { name: String(kind & 0x7f), start: at + 4, length };
    return { part, end: isLast ? size : at + 4 + length };
  },
};

const BOXES: Step = {
  ...{ first: 0, header: 16 },
  read(head, at, size) {
    const short = head.readUInt32BE(0);
    const isWide = short === 1;
    const length = isWide ? Number(head.readBigUInt64BE(8)) : short || size - at;
    const start = at + (isWide ? 16 : 8);
    const part = { name: head.toString('latin1', 4, 8), start, length: at + length - start };
    return length < start - at ? null : { part, end: at + length };
  },
};

/** Where the file itself begins, after ID3v2 tags, which may precede any sound. */
async function findEndOfId3(file: BoundedFile, head: Buffer): Promise<number> {
  if (head.toString('latin1', 0, 3) !== 'ID3' || head.length < 10) return 0;
  const size = [...head.subarray(6, 10)].reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return Math.min(file.size, 10 + size);
}
