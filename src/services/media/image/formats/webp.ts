import { corrupt } from '../../media-error.ts';
import type { ImageLimits } from '../limits.ts';
import type { BufferedFile } from './buffered-file.ts';
import { makePartCounter, type Picture, refuseSize } from './picture.ts';

/** Reads a WebP file (RFC 9649), lossy, lossless or extended; null for another format. */
export async function readWebp(file: BufferedFile, limits: ImageLimits): Promise<Picture | null> {
  const head = await file.read(0, 30);
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WEBP')
    return null;
  if (head.length < 30) throw corrupt('This WebP file ends within its header.');
  const name = head.toString('latin1', 12, 16);
  const { width, height } = readSize(name, head.subarray(20));
  refuseSize(width, height, limits);
  const frames = name === 'VP8X' ? await countFrames(file, limits) : 1;
  return { format: 'webp', contentType: 'image/webp', width, height, frames };
}

function readSize(name: string, data: Buffer): { width: number; height: number } {
  if (name === 'VP8X')
    return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1 };
  if (name === 'VP8 ' && data.toString('hex', 3, 6) === '9d012a') {
    return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff };
  }
  if (name === 'VP8L' && data[0] === 0x2f) {
    const bits = data.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  throw corrupt('This WebP file does not begin with a picture.');
}

async function countFrames(file: BufferedFile, limits: ImageLimits): Promise<number> {
  const count = makePartCounter(limits);
  let frames = 0;
  for (let at = 12; at + 8 <= file.size; ) {
    count();
    const head = await file.read(at, 8);
    if (head.toString('latin1', 0, 4) === 'ANMF') frames += 1;
    const length = head.readUInt32LE(4);
    at += 8 + length + (length & 1);
  }
  return Math.max(1, frames);
}
