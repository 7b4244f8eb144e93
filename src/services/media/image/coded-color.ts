import { BT2020, DISPLAY_P3, type SourceColor } from '../color/to-sdr.ts';
import type { BufferedFile } from './formats/buffered-file.ts';

/** The colour that a file declares without an ICC profile, and its name. */
export interface CodedColor extends SourceColor {
  name: string;
}

/** Reads primaries and transfer function by their numbers in ITU-T H.273; null for those of sRGB. */
export function readCodedColor(primaries: number, transfer: number): CodedColor | null {
  const isWide = primaries === 9;
  const isP3 = primaries === 11 || primaries === 12;
  const toBt709 = isWide ? BT2020 : isP3 ? DISPLAY_P3 : null;
  if (transfer === 16) return { transfer: 'PQ', toBt709, name: isWide ? 'rec2100-pq' : 'pq' };
  if (transfer === 18) return { transfer: 'HLG', toBt709, name: isWide ? 'rec2100-hlg' : 'hlg' };
  if (transfer === 8) return { transfer: 'LINEAR', toBt709, name: 'linear' };
  if (!toBt709) return null;
  const isVideoCurve = [1, 6, 14, 15].includes(transfer);
  return {
    transfer: isVideoCurve ? 'BT709' : 'SRGB',
    toBt709,
    name: isP3 ? 'display-p3' : 'rec2020',
  };
}

/** The exponent of files that are meant to be sRGB. */
const USUAL_GAMMA = 2.2;
const MOST_CHUNKS = 200;

/**
 * Reads the colour of a PNG. Of its chunks the first of cICP, iCCP, sRGB, gAMA counts; iCCP is left to
 * the decoder.
 */
export async function readPngColor(file: BufferedFile): Promise<CodedColor | null> {
  const found = new Map<string, Buffer>();
  for (let at = 8, count = 0; count < MOST_CHUNKS; count++) {
    const head = await file.read(at, 8 + 32);
    if (head.length < 12) break;
    const name = head.toString('latin1', 4, 8);
    if (name === 'IDAT' || name === 'IEND') break;
    found.set(name, head.subarray(8));
    at += 12 + head.readUInt32BE(0);
  }
  const coded = found.get('cICP');
  if (coded) return readCodedColor(coded[0] ?? 2, coded[1] ?? 2);
  const gamma = found.get('gAMA')?.readUInt32BE(0);
  if (!gamma || found.has('iCCP') || found.has('sRGB')) return null;
  const exponent = 100_000 / gamma;
  if (Math.abs(exponent - USUAL_GAMMA) < 0.1 || exponent > 10 || exponent < 0.1) return null;
  const name = Math.abs(exponent - 1) < 0.01 ? 'srgb-linear' : 'rgb';
  return { transfer: { gamma: exponent }, toBt709: null, name };
}
