import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { type Frame, readFrameAt } from './mpeg-frame.ts';

const SEARCH_BYTES = 256 * 1024;
/**
 * How many consecutive frames identify a stream. A sync word occurs by chance about every 2 kB of
 * noise; four frames, each starting where the last one ends, practically never do.
 */
const CHAIN_LENGTH = 4;
const ID3V1_BYTES = 128;
/** Bytes of the longest frame in free format, at 640 kbit/s and 32 kHz, with some to spare. */
const MOST_FRAME_BYTES = 4096;

/**
 * The offset after the ID3v2 tags at the start of a file; 0 when there are none. Some writers leave
 * several.
 */
export async function findEndOfId3(file: BoundedFile): Promise<number> {
  let end = 0;
  for (let tags = 0; tags < 8; tags++) {
    const size = measureId3(await file.read(end, 10));
    if (size === 0) break;
    end += size;
    if (end > file.size)
      throw corrupt('This file begins with an ID3 tag that is longer than the file.');
  }
  return end;
}

/** The bytes of the ID3v2 tag that begins with these ten bytes; 0 if none does. */
export function measureId3(head: Buffer): number {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const sizes = [head[6] ?? 0, head[7] ?? 0, head[8] ?? 0, head[9] ?? 0];
  if ((head[3] ?? 0xff) === 0xff || sizes.some((byte) => byte > 0x7f)) return 0;
  const size = sizes.reduce((sum, byte) => sum * 128 + byte, 0);
  return 10 + size + ((head[5] ?? 0) & 0x10 ? 10 : 0);
}

/**
 * Reads an MP3 or ADTS AAC stream that begins within 256 KiB after `start` and zero padding; null
 * without one.
 */
export async function readMpegAudio(file: BoundedFile, start: number): Promise<Container | null> {
  const from = await skipZeros(file, start);
  const bytes = await file.read(from, SEARCH_BYTES);
  const found = findStream(bytes, from, file.size);
  if (!found) {
    if (!isFreeFormat(bytes)) return null;
    throw new MediaError(
      'UNSUPPORTED_MEDIA',
      `This is an MP3 file in free format, whose bit rate is none of the usual ones; ${ACCEPTED}.`,
    );
  }
  const { frame, at } = found;
  if (frame.kind === 'mp1/2') {
    throw new MediaError(
      'UNSUPPORTED_MEDIA',
      `This is MPEG audio of layer I or II (MP2); ${ACCEPTED}.`,
    );
  }
  const { sampleRate, channels } = frame;
  const soundBytes = file.size - from - at;
  const common = { sampleRate, channels, streams: 1, soundBytes };
  if (frame.kind === 'aac') {
    const mean = computeAverageFrameBytes(bytes, at);
    const declaredSeconds = (soundBytes / mean) * (frame.samples / sampleRate);
    const type = {
      contentType: 'audio/aac',
      demuxer: 'aac',
      decoders: ['aac'],
      codec: 'aac',
    } as const;
    return {
      ...type,
      ...common,
      lossless: false,
      declaredSeconds,
      declaredIsExact: false,
      fixedBitRate: null,
    };
  }
  const counted = readFrameCount(bytes, at, frame);
  const fixedBitRate = counted?.variable === false ? frame.bitRate : null;
  const declaredSeconds = counted
    ? (counted.frames * frame.samples) / sampleRate
    : (soundBytes * 8) / (frame.bitRate ?? 128_000);
  const type = {
    contentType: 'audio/mpeg',
    demuxer: 'mp3',
    decoders: ['mp3float', 'mp3'],
    codec: 'mp3',
  } as const;
  return {
    ...type,
    ...common,
    lossless: false,
    declaredSeconds,
    declaredIsExact: counted !== null,
    mayBeStale: true,
    fixedBitRate,
  };
}

/** Skips the zeros, up to 4 MiB, that some writers pad with between tag and sound. */
async function skipZeros(file: BoundedFile, start: number): Promise<number> {
  const limit = Math.min(file.size, start + 4 * 1024 * 1024);
  for (let offset = start; offset < limit; offset += 65_536) {
    const bytes = await file.read(offset, 65_536);
    const first = bytes.findIndex((byte) => byte !== 0);
    if (first >= 0) return offset + first;
  }
  return start;
}

function findStream(
  bytes: Buffer,
  base: number,
  size: number,
): { frame: Frame; at: number } | null {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] !== 0xff) continue;
    const frame = readFrameAt(bytes, at);
    if (frame && beginsFrameChain(bytes, at, frame, base, size)) return { frame, at };
  }
  return null;
}

/**
 * Whether this is MPEG audio of layer III in free format: the index of its bit rate is 0, and frames
 * of one length, or one byte more, follow each other.
 */
function isFreeFormat(bytes: Buffer): boolean {
  const isHeader = (at: number) =>
    bytes[at] === 0xff &&
    ((bytes[at + 1] ?? 0) & 0xe6) === 0xe2 &&
    ((bytes[at + 2] ?? 0xff) & 0xf0) === 0 &&
    ((bytes[at + 2] ?? 0) & 0x0c) !== 0x0c;
  const isSameStream = (at: number, other: number) =>
    isHeader(other) &&
    bytes[at + 1] === bytes[other + 1] &&
    ((bytes[at + 2] ?? 0) & 0xfd) === ((bytes[other + 2] ?? 0) & 0xfd);
  if (!isHeader(0)) return false;
  for (let length = 24; length < MOST_FRAME_BYTES; length++) {
    if (!isSameStream(0, length)) continue;
    let at = length;
    let count = 1;
    for (; count < CHAIN_LENGTH; count++) {
      const next = [0, 1, -1].find((more) => isSameStream(0, at + length + more));
      if (next === undefined) break;
      at += length + next;
    }
    if (count === CHAIN_LENGTH) return true;
  }
  return false;
}

/**
 * Whether consecutive frames of one stream begin here, or fewer up to the end of a very short file.
 */
function beginsFrameChain(
  bytes: Buffer,
  at: number,
  first: Frame,
  base: number,
  size: number,
): boolean {
  let next = at + first.bytes;
  for (let count = 1; count < CHAIN_LENGTH; count++) {
    const rest = size - (base + next);
    if (rest === 0 || (rest === ID3V1_BYTES && bytes.toString('latin1', next, next + 3) === 'TAG'))
      return true;
    const frame = readFrameAt(bytes, next);
    if (!frame || frame.stream !== first.stream) return rest < 0 && count > 1;
    next += frame.bytes;
  }
  return true;
}

/**
 * Reads the frame count that encoders store in the first frame: Xing (variable bit rate), Info
 * (constant), VBRI.
 */
function readFrameCount(
  bytes: Buffer,
  at: number,
  frame: Frame,
): { frames: number; variable: boolean } | null {
  const sides =
    frame.samples === 1152 ? (frame.channels === 1 ? 17 : 32) : frame.channels === 1 ? 9 : 17;
  const xing = at + 4 + sides;
  const name = bytes.toString('latin1', xing, xing + 4);
  if ((name === 'Xing' || name === 'Info') && xing + 12 <= bytes.length) {
    const frames = bytes.readUInt32BE(xing + 4) & 1 ? bytes.readUInt32BE(xing + 8) : 0;
    return frames > 0 ? { frames, variable: name === 'Xing' } : null;
  }
  const vbri = at + 36;
  if (bytes.toString('latin1', vbri, vbri + 4) === 'VBRI' && vbri + 18 <= bytes.length) {
    return { frames: bytes.readUInt32BE(vbri + 14), variable: true };
  }
  return null;
}

function computeAverageFrameBytes(bytes: Buffer, at: number): number {
  let next = at;
  let count = 0;
  for (
    let frame = readFrameAt(bytes, next);
    frame && count < 200;
    frame = readFrameAt(bytes, next)
  ) {
    next += frame.bytes;
    count += 1;
  }
  return (next - at) / Math.max(1, count);
}
