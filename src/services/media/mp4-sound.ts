import { type Box, readBoxes } from './mp4-boxes.ts';

/** Bytes of fixed fields in a sample entry, before its boxes. */
const FIXED_BYTES = 28;

/**
 * Reads the boxes within an audio sample entry (given without its header), including those in
 * QuickTime's `wave`.
 */
export function readSoundBoxes(entry: Buffer): Box[] {
  const version = entry.length >= FIXED_BYTES ? entry.readUInt16BE(8) : 0;
  const boxes = readBoxesIfWhole(
    entry.subarray(FIXED_BYTES + (version === 1 ? 16 : version === 2 ? 36 : 0)),
  );
  const wave = boxes.find((box) => box.name === 'wave');
  return wave ? [...boxes, ...readBoxesIfWhole(wave.body)] : boxes;
}

/**
 * What follows the fixed fields is often padding or an outdated structure: if it cannot be read, it
 * is ignored.
 */
export function readBoxesIfWhole(body: Buffer): Box[] {
  try {
    return readBoxes({ name: 'entry', body });
  } catch {
    return [];
  }
}

/**
 * Reads the channel count from the decoder configuration of AAC and AC-3; null when it is not
 * there. The field of the sample entry is unreliable: many writers leave it at two. Source: ISO/IEC
 * 14496-3 §1.6, ETSI TS 102 366 §F.
 */
export function readChannels(boxes: readonly Box[]): number | null {
  const [aac, ac3] = ['esds', 'dac3'].map((name) => boxes.find((box) => box.name === name)?.body);
  if (aac) return readAacChannels(readDecoderConfig(aac)?.specific);
  if (ac3 && ac3.length >= 3) return readAc3Channels(ac3.readUIntBE(0, 3));
  return null;
}

/** Reads the object type in an `esds`, such as 64 for AAC; 0 when there is none. */
export function readObjectType(boxes: readonly Box[]): number {
  const esds = boxes.find(({ name }) => name === 'esds')?.body;
  return (esds && readDecoderConfig(esds)?.object) || 0;
}

/**
 * Reads the nested descriptors of an `esds`: elementary stream (3), decoder config (4), decoder
 * specific info (5).
 */
function readDecoderConfig(esds: Buffer): { object: number; specific: Buffer } | null {
  let at = 4;
  const enter = (tag: number) => {
    if (esds[at++] !== tag) return false;
    for (let n = 0; n < 4 && (esds[at++] ?? 0) & 0x80; n++);
    return true;
  };
  if (!enter(3)) return null;
  const flags = esds[at + 2] ?? 0;
  at += 3 + (flags & 0x80 ? 2 : 0);
  if (flags & 0x40) at += 1 + (esds[at] ?? 0);
  if (flags & 0x20) at += 2;
  if (!enter(4)) return null;
  const object = esds[at] ?? 0;
  at += 13;
  return { object, specific: enter(5) ? esds.subarray(at) : Buffer.alloc(0) };
}

/** Channels by AAC channel configuration; 0 means that the bitstream itself defines them. */
const AAC_CHANNELS: (number | undefined)[] = [
  ...[undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8],
];

function readAacChannels(config: Buffer | undefined): number | null {
  if (!config || config.length < 2) return null;
  const bits = Buffer.concat([config.subarray(0, 8), Buffer.alloc(8)]).readBigUInt64BE();
  const take = (from: number, count: number) =>
    Number((bits >> BigInt(64 - from - count)) & ((1n << BigInt(count)) - 1n));
  const at = take(0, 5) === 31 ? 11 : 5;
  return AAC_CHANNELS[take(at + (take(at, 4) === 15 ? 28 : 4), 4)] ?? null;
}

function readAc3Channels(bits: number): number {
  const front = [2, 1, 2, 3, 3, 4, 4, 5][(bits >> 11) & 7] ?? 2;
  return front + ((bits >> 10) & 1);
}
