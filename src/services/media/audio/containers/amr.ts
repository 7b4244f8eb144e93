import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt } from '../../media-error.ts';
import type { Container } from './container.ts';

/** Bytes of a frame by its type, with the byte that names the type. Source: RFC 4867 §5.3. */
const NARROW_FRAMES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
const WIDE_FRAMES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1];
const FRAMES_PER_SECOND = 50;
/** The mean length of so many frames gives the length of the file. */
const SAMPLED_BYTES = 64 * 1024;

/** Reads a recording of a telephone: AMR, narrow or wide band; null for another format. */
export async function readAmr(file: BoundedFile, start: number): Promise<Container | null> {
  const head = (await file.read(start, 9)).toString('latin1');
  const isWide = head.startsWith('#!AMR-WB\n');
  if (!isWide && !head.startsWith('#!AMR\n')) return null;
  const from = start + (isWide ? 9 : 6);
  const mean = await measureFrames(file, from, isWide ? WIDE_FRAMES : NARROW_FRAMES);
  const soundBytes = file.size - from;
  return {
    ...(isWide
      ? { contentType: 'audio/amr-wb', codec: 'amr_wb', decoders: ['amrwb'], sampleRate: 16_000 }
      : { contentType: 'audio/amr', codec: 'amr_nb', decoders: ['amrnb'], sampleRate: 8000 }),
    demuxer: 'amr',
    lossless: false,
    channels: 1,
    streams: 1,
    declaredSeconds: soundBytes / mean / FRAMES_PER_SECOND,
    // By the mean of the first frames, which vary.
    declaredIsExact: false,
    soundBytes,
    fixedBitRate: null,
  };
}

async function measureFrames(
  file: BoundedFile,
  from: number,
  lengths: readonly number[],
): Promise<number> {
  const bytes = await file.read(from, SAMPLED_BYTES);
  let at = 0;
  let frames = 0;
  for (; at < bytes.length; frames++) at += lengths[((bytes[at] ?? 0) >> 3) & 15] ?? 1;
  if (frames === 0) throw corrupt('There is no sound in this AMR file.');
  return at / frames;
}
