import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { buildPcmContainer } from './pcm.ts';

interface Format {
  codec: string;
  sampleRate: number;
  channels: number;
  bytesPerSecond: number;
}

const MOST_CHUNKS = 1000;
const EXTENSIBLE = 0xfffe;
/**
 * A "data" size from here on is the placeholder of a recorder that never went back to write the
 * real one.
 */
const PLACEHOLDER = 0xffff_0000;

/** Reads a WAV file: RIFF, or RF64/BW64 with 64-bit sizes; null for another format. */
export async function readWav(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 12);
  const family = head.toString('latin1', 0, 4);
  if (!['RIFF', 'RF64', 'BW64'].includes(family) || head.toString('latin1', 8, 12) !== 'WAVE')
    return null;
  let format: Format | null = null;
  let wideData: number | null = null;
  let offset = start + 12;
  for (let count = 0; count < MOST_CHUNKS && offset + 8 <= file.size; count++) {
    const chunk = await file.read(offset, 8 + 40);
    const name = chunk.toString('latin1', 0, 4);
    const size = chunk.readUInt32LE(4);
    if (name === 'ds64' && chunk.length >= 24) wideData = Number(chunk.readBigUInt64LE(16));
    if (name === 'fmt ') format = readFormat(chunk.subarray(8), size);
    if (name === 'data') {
      if (!format) throw corrupt('The sound of this WAV file comes before its format is declared.');
      return buildContainer(format, size, wideData, file.size - offset - 8);
    }
    offset += 8 + size + (size % 2);
  }
  throw corrupt('This WAV file has no sound in it: its data is missing.');
}

function readFormat(chunk: Buffer, size: number): Format {
  if (chunk.length < 16 || size < 16)
    throw corrupt('This WAV file does not say in which format its sound is.');
  const tag = chunk.readUInt16LE(0);
  const bits = chunk.readUInt16LE(14);
  const extended = tag === EXTENSIBLE && size >= 26 && chunk.length >= 26;
  const codec = findCodec(extended ? chunk.readUInt16LE(24) : tag, bits);
  const channels = chunk.readUInt16LE(2);
  const sampleRate = chunk.readUInt32LE(4);
  const bytesPerSecond = sampleRate * chunk.readUInt16LE(12);
  if (channels === 0 || bytesPerSecond === 0)
    throw corrupt('This WAV file declares zero channels or a data rate of zero.');
  return { codec, sampleRate, channels, bytesPerSecond };
}

function findCodec(tag: number, bits: number): string {
  const integers: Record<number, string> = {
    8: 'pcm_u8',
    16: 'pcm_s16le',
    24: 'pcm_s24le',
    32: 'pcm_s32le',
  };
  const floats: Record<number, string> = { 32: 'pcm_f32le', 64: 'pcm_f64le' };
  const codec =
    tag === 1
      ? integers[Math.ceil(bits / 8) * 8]
      : tag === 3
        ? floats[bits]
        : { 6: 'pcm_alaw', 7: 'pcm_mulaw' }[tag];
  if (!codec) {
    const kind = `0x${tag.toString(16).padStart(4, '0')}, ${bits} bits`;
    throw new MediaError(
      'UNSUPPORTED_MEDIA',
      `The sound of this WAV file is not PCM (${kind}); ${ACCEPTED}.`,
    );
  }
  return codec;
}

/**
 * A data size of 0, 0xFFFFFFFF or just below is written by programs that stream to a pipe and
 * cannot seek back: then the bytes present are the length. Any other size is trusted.
 */
function buildContainer(
  format: Format,
  size: number,
  wide: number | null,
  available: number,
): Container {
  const claimed = size >= PLACEHOLDER && wide !== null && wide > 0 ? wide : size;
  const streamed = claimed === 0 || (claimed === size && size >= PLACEHOLDER);
  const bytes = streamed ? available : claimed;
  const file = { contentType: 'audio/wav', demuxer: 'wav', declaredIsExact: !streamed } as const;
  return buildPcmContainer({ ...file, ...format, bytes, available });
}
