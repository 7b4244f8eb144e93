import { type Box, boxesIn } from './mp4-boxes.ts';

/** Where the boxes within an entry begin, after its fixed fields. */
const FIXED = 28;

/** The boxes within the description of a sound, without its header; QuickTime's `wave` is opened. */
export function soundBoxes(entry: Buffer): Box[] {
  const version = entry.length >= FIXED ? entry.readUInt16BE(8) : 0;
  const boxes = children(entry.subarray(FIXED + (version === 1 ? 16 : version === 2 ? 36 : 0)));
  const wave = boxes.find((box) => box.name === 'wave');
  return wave ? [...boxes, ...children(wave.body)] : boxes;
}

/** What follows the fixed fields is often padded or old: what cannot be read is not there. */
function children(body: Buffer): Box[] {
  try {
    return boxesIn({ name: 'entry', body });
  } catch {
    return [];
  }
}

/**
 * How many channels AAC and AC-3 say they have; null where they do not say. The entry's own field is no
 * witness: many writers leave it at two, whatever there is. Source: ISO/IEC 14496-3 §1.6, ETSI TS 102 366 §F.
 */
export function channelsOf(boxes: readonly Box[]): number | null {
  const [aac, ac3] = ['esds', 'dac3'].map((name) => boxes.find((box) => box.name === name)?.body);
  if (aac) return aacChannels(decoderConfig(aac)?.specific);
  if (ac3 && ac3.length >= 3) return ac3Channels(ac3.readUIntBE(0, 3));
  return null;
}

/** The object type in an `esds`, such as 64 for AAC; 0 where there is none. */
export function objectOf(boxes: readonly Box[]): number {
  const esds = boxes.find(({ name }) => name === 'esds')?.body;
  return (esds && decoderConfig(esds)?.object) || 0;
}

/** An `esds` holds a descriptor, that holds one of the decoder, that holds one of the decoder's own. */
function decoderConfig(esds: Buffer): { object: number; specific: Buffer } | null {
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

/** By the number of a configuration; 0 says that it is told in the sound itself. */
const AAC: (number | undefined)[] = [
  ...[undefined, 1, 2, 3, 4, 5, 6, 8, undefined, undefined, undefined, 7, 8, undefined, 8],
];

function aacChannels(config: Buffer | undefined): number | null {
  if (!config || config.length < 2) return null;
  const bits = Buffer.concat([config.subarray(0, 8), Buffer.alloc(8)]).readBigUInt64BE();
  const take = (from: number, count: number) =>
    Number((bits >> BigInt(64 - from - count)) & ((1n << BigInt(count)) - 1n));
  const at = take(0, 5) === 31 ? 11 : 5;
  return AAC[take(at + (take(at, 4) === 15 ? 28 : 4), 4)] ?? null;
}

function ac3Channels(bits: number): number {
  const front = [2, 1, 2, 3, 3, 4, 4, 5][(bits >> 11) & 7] ?? 2;
  return front + ((bits >> 10) & 1);
}
