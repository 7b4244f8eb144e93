import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { buildPcmContainer } from './pcm.ts';
import { isPlaceholder } from './riff-sizes.ts';

/** By the number in the header: codec, and bytes of a sample. */
const ENCODINGS: Record<number, readonly [string, number] | undefined> = {
  1: ['pcm_mulaw', 1],
  2: ['pcm_s8', 1],
  3: ['pcm_s16be', 2],
  4: ['pcm_s24be', 3],
  5: ['pcm_s32be', 4],
  6: ['pcm_f32be', 4],
  7: ['pcm_f64be', 8],
  27: ['pcm_alaw', 1],
};
const HEADER_BYTES = 24;
const UNKNOWN_SIZE = 0xffff_ffff;

/** Reads the AU format of Sun and NeXT; null for another format. */
export async function readAu(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, HEADER_BYTES);
  if (head.toString('latin1', 0, 4) !== '.snd') return null;
  if (head.length < HEADER_BYTES) throw corrupt('This AU file ends within its header.');
  const [soundAt, size, kind, sampleRate, channels] = [4, 8, 12, 16, 20].map((at) =>
    head.readUInt32BE(at),
  ) as [number, number, number, number, number];
  const encoding = ENCODINGS[kind];
  if (!encoding) {
    throw new MediaError('UNSUPPORTED_MEDIA', `This AU file has encoding ${kind}; ${ACCEPTED}.`);
  }
  if (sampleRate === 0 || channels === 0) {
    throw corrupt('This AU file declares zero channels or a sample rate of zero.');
  }
  const [codec, bytes] = encoding;
  const available = Math.max(0, file.size - start - soundAt);
  const isUnknown =
    size === UNKNOWN_SIZE || size === 0 || (size > available && isPlaceholder([size]));
  return buildPcmContainer({
    ...{ contentType: 'audio/basic', demuxer: 'au', codec, sampleRate, channels },
    declaredIsExact: !isUnknown,
    bytesPerSecond: sampleRate * channels * bytes,
    bytes: isUnknown ? available : size,
    available,
  });
}
