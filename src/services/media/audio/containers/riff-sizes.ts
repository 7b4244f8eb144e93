import type { BoundedFile } from '../../bounded-file.ts';

/** Bytes of the headers that writers subtract from, or add to, a round size. */
const HEADER_BYTES = [0, 8, 12, 36, 44, 46, 50, 58, 60, 68, 72, 80];

/**
 * Whether one of these sizes, each larger than the file, is what a program that writes to a pipe puts
 * where it cannot know the size, and cannot go back to correct it: about 2 or 4 GiB (sox 0x7FFFF000,
 * espeak-ng and others 0x7FFFFFFF, arecord 0x80000000), or a round number.
 */
export function isPlaceholder(sizes: readonly number[]): boolean {
  return sizes.some((size) =>
    HEADER_BYTES.some((bytes) => isRound(size + bytes) || isRound(size - bytes)),
  );
}

function isRound(size: number): boolean {
  if (size >= 0x7fff_0000 && size <= 0x8001_0000) return true;
  if (size >= 0xfff0_0000) return true;
  // A real length is a multiple of these about once in a million, of 64 KiB once in 16,000.
  return size > 0 && (size % 1_000_000 === 0 || size % 65_536 === 0 || (size + 1) % 65_536 === 0);
}

/**
 * The offset of the chunk after one that ends here. Chunks of odd size are padded with a byte, which
 * some writers forget: the name of the next chunk tells.
 */
export async function findNextChunk(file: BoundedFile, end: number, size: number): Promise<number> {
  if (size % 2 === 0) return end;
  const names = await file.read(end, 5);
  const isPadded = isChunkName(names.subarray(1, 5));
  return isChunkName(names.subarray(0, 4)) && !isPadded ? end : end + 1;
}

/** How the chunks of a format begin: with four letters, and a size. */
export interface ChunkHead {
  bytes: number;
  readSize(head: Buffer): number;
  /** Whether chunks of odd size are padded with a byte. */
  isPadded: boolean;
}

export const WAV_CHUNK: ChunkHead = {
  ...{ bytes: 8, isPadded: true, readSize: (head) => head.readUInt32LE(4) },
};
export const AIFF_CHUNK: ChunkHead = {
  ...{ bytes: 8, isPadded: true, readSize: (head) => head.readUInt32BE(4) },
};
export const CAF_CHUNK: ChunkHead = {
  ...{ bytes: 12, isPadded: false, readSize: (head) => Number(head.readBigInt64BE(4)) },
};

/** Less than that after the declared end is not taken for sound, in seconds. */
const LEAST_SECONDS = 0.05;

/** Whether sound goes on after its declared end: what follows is neither chunks nor tags. */
export async function goesOnAfter(
  file: BoundedFile,
  end: number,
  bytesPerSecond: number,
  chunk: ChunkHead,
): Promise<boolean> {
  const least = bytesPerSecond * LEAST_SECONDS;
  return file.size - end >= least && !(await looksLikeTrailer(file, end, chunk));
}

/** Whether chunks or tags follow here, not sound: what remains of the file is made of them. */
async function looksLikeTrailer(file: BoundedFile, at: number, chunk: ChunkHead): Promise<boolean> {
  let offset = at;
  for (let count = 0; count < 100; count++) {
    const rest = file.size - offset;
    if (rest < chunk.bytes) return count > 0;
    const head = await file.read(offset, 12);
    if (/^(TAG|ID3|APETAGEX|LYRICS)/.test(head.toString('latin1', 0, 8))) return true;
    // Padding, or the rest of a file that was written in blocks.
    if (head.every((byte) => byte === 0) && (await isZero(file, offset))) return true;
    if (!isChunkName(head.subarray(0, 4))) return false;
    const size = chunk.readSize(head);
    const end = offset + chunk.bytes + size;
    if (size < 0 || end > file.size + 1) return false;
    offset = chunk.isPadded ? await findNextChunk(file, end, size) : end;
  }
  return true;
}

async function isZero(file: BoundedFile, from: number): Promise<boolean> {
  const most = Math.min(file.size, from + 16 * 1024 * 1024);
  for (let offset = from; offset < most; offset += 65_536) {
    if ((await file.read(offset, 65_536)).some((byte) => byte !== 0)) return false;
  }
  return true;
}

function isChunkName(bytes: Buffer): boolean {
  return bytes.length === 4 && /^[A-Za-z][\w -]{3}$/.test(bytes.toString('latin1'));
}
