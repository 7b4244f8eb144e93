import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt } from '../../media-error.ts';
import type { Container } from './container.ts';

const MOST_BLOCKS = 200;

/** Reads a native FLAC file; null for another format. Source: RFC 9639 §8. */
export async function readFlac(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 42);
  if (head.toString('latin1', 0, 4) !== 'fLaC') return null;
  if (head.length < 42 || ((head[4] ?? 0) & 0x7f) !== 0)
    throw corrupt('This FLAC file has no stream information.');
  const facts = readStreamInfo(head.subarray(8));
  const soundAt = await findEndOfBlocks(file, start + 4);
  return {
    contentType: 'audio/flac',
    demuxer: 'flac',
    decoders: ['flac'],
    codec: 'flac',
    lossless: true,
    streams: 1,
    ...facts,
    declaredIsExact: true,
    soundBytes: file.size - soundAt,
    fixedBitRate: null,
  };
}

/**
 * Reads sample rate, channels and length from a STREAMINFO block, of a native FLAC or of one in
 * Ogg.
 */
export function readStreamInfo(
  block: Buffer,
): Pick<Container, 'sampleRate' | 'channels' | 'declaredSeconds'> {
  const sampleRate = block.readUIntBE(10, 3) >> 4;
  const channels = (((block[12] ?? 0) >> 1) & 7) + 1;
  const samples = ((block[13] ?? 0) & 15) * 2 ** 32 + block.readUInt32BE(14);
  if (sampleRate === 0) throw corrupt('This FLAC file declares a sample rate of zero.');
  return { sampleRate, channels, declaredSeconds: samples > 0 ? samples / sampleRate : null };
}

async function findEndOfBlocks(file: BoundedFile, start: number): Promise<number> {
  let offset = start;
  for (let count = 0; count < MOST_BLOCKS; count++) {
    const head = await file.read(offset, 4);
    if (head.length < 4) break;
    offset += 4 + head.readUIntBE(1, 3);
    if ((head[0] ?? 0) & 0x80) return Math.min(offset, file.size);
  }
  throw corrupt('This FLAC file ends before its sound begins.');
}
