import { open, stat } from 'node:fs/promises';

// How samples are stored between two steps: stereo in 32-bit floats, as Wave64, which has no limit of size.

export const PCM_OUTPUT = ['-c:a', 'pcm_f32le', '-f', 'w64'];
export const PCM_DEMUXER = 'w64';
const BYTES_PER_FRAME = 8;
/** Ample for what ffmpeg writes before the samples. */
const HEADER_BYTES = 512;
/** A chunk begins with its GUID, of 16 bytes, and its size, of 8. */
const CHUNK_BYTES = 24;

/** Counts the samples of each channel in such a file. */
export async function countFrames(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    const data = buffer.indexOf('data');
    if (data < 0) return 0;
    const bytes = (await stat(path)).size - data - CHUNK_BYTES;
    return Math.max(0, Math.floor(bytes / BYTES_PER_FRAME));
  } finally {
    await file.close();
  }
}

/** Formats decibels for a filter. */
export const formatDb = (db: number): string => `${db.toFixed(3)}dB`;

/** What a level in dB is as a factor. */
export const toFactor = (db: number): number => 10 ** (db / 20);
