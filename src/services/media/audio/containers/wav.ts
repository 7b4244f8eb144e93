import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { readMpegAudio } from './mpeg-audio.ts';
import { buildPcmContainer, readAsRaw, warnOfUnderstatement } from './pcm.ts';
import { findNextChunk, goesOnAfter, isPlaceholder, WAV_CHUNK } from './riff-sizes.ts';

interface Format {
  codec: string;
  /** ffmpeg's decoder, where it has another name than the codec. */
  decoders?: readonly string[];
  sampleRate: number;
  channels: number;
  bytesPerSecond: number;
}

/** Where the sound is, and how long it is declared to be. */
interface Data {
  /** Offset of the sound. */
  at: number;
  size: number;
  /** The same by the 64-bit sizes of RF64. */
  wideSize: number | null;
  /** The declared size of the whole file. */
  fileSize: number;
}

const MOST_CHUNKS = 1000;
const EXTENSIBLE = 0xfffe;
const MP3 = 0x0055;
/** A "data" size from here on cannot be real in RIFF: RF64 has it elsewhere, streams do not know it. */
const UNKNOWN_SIZE = 0xffff_0000;
/** A 64-bit size from here on is a placeholder, too. */
const MOST_WIDE_SIZE = 2 ** 48;

/** Reads a WAV file: RIFF, or RF64/BW64 with 64-bit sizes; null for another format. */
export async function readWav(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 12);
  const family = head.toString('latin1', 0, 4);
  if (!['RIFF', 'RF64', 'BW64'].includes(family) || head.toString('latin1', 8, 12) !== 'WAVE')
    return null;
  const fileSize = head.readUInt32LE(4);
  let format: Format | null = null;
  let wideSize: number | null = null;
  let offset = start + 12;
  let isUnpadded = false;
  for (let count = 0; count < MOST_CHUNKS && offset + 8 <= file.size; count++) {
    const chunk = await file.read(offset, 8 + 40);
    const name = chunk.toString('latin1', 0, 4);
    const size = chunk.readUInt32LE(4);
    if (name === 'ds64' && chunk.length >= 24) wideSize = Number(chunk.readBigUInt64LE(16));
    if (name === 'fmt ') format = readFormat(chunk.subarray(8), size);
    if (name === 'data') {
      if (!format) throw corrupt('The sound of this WAV file comes before its format is declared.');
      const data = { at: offset + 8, size, wideSize, fileSize };
      const container = await buildContainer(file, format, data);
      // The demuxer expects padded chunks.
      return isUnpadded ? readAsRaw(container, data.at) : container;
    }
    const next = await findNextChunk(file, offset + 8 + size, size);
    isUnpadded ||= next !== offset + 8 + size + (size % 2);
    offset = next;
  }
  throw corrupt('This WAV file has no sound in it: its data is missing.');
}

function readFormat(chunk: Buffer, size: number): Format {
  if (chunk.length < 16 || size < 16)
    throw corrupt('This WAV file does not say in which format its sound is.');
  const tag = chunk.readUInt16LE(0);
  const bits = chunk.readUInt16LE(14);
  const extended = tag === EXTENSIBLE && size >= 26 && chunk.length >= 26;
  const encoding = findEncoding(extended ? chunk.readUInt16LE(24) : tag, bits);
  const channels = chunk.readUInt16LE(2);
  const sampleRate = chunk.readUInt32LE(4);
  // Only of PCM each block is one sample of all channels.
  const isPcm = encoding.codec.startsWith('pcm_');
  const bytesPerSecond = isPcm ? sampleRate * chunk.readUInt16LE(12) : chunk.readUInt32LE(8);
  // The mean rate of compressed sound is often left out.
  if (channels === 0 || sampleRate === 0 || (isPcm && bytesPerSecond === 0))
    throw corrupt('This WAV file declares zero channels or a data rate of zero.');
  return { ...encoding, sampleRate, channels, bytesPerSecond: bytesPerSecond || 16_000 };
}

function findEncoding(tag: number, bits: number): Pick<Format, 'codec' | 'decoders'> {
  const integers: Record<number, string> = {
    8: 'pcm_u8',
    16: 'pcm_s16le',
    24: 'pcm_s24le',
    32: 'pcm_s32le',
  };
  const floats: Record<number, string> = { 32: 'pcm_f32le', 64: 'pcm_f64le' };
  const others: Record<number, string> = {
    ...{ 6: 'pcm_alaw', 7: 'pcm_mulaw' },
    ...{ 2: 'adpcm_ms', 17: 'adpcm_ima_wav', 49: 'gsm_ms' },
  };
  if (tag === MP3) return { codec: 'mp3', decoders: ['mp3float', 'mp3'] };
  const codec =
    tag === 1 ? integers[Math.ceil(bits / 8) * 8] : tag === 3 ? floats[bits] : others[tag];
  if (codec) return { codec };
  const kind = `0x${tag.toString(16).padStart(4, '0')}, ${bits} bits`;
  throw new MediaError(
    'UNSUPPORTED_MEDIA',
    `The sound of this WAV file is encoded in a way that is not known (${kind}); ${ACCEPTED}.`,
  );
}

async function buildContainer(
  file: BoundedFile,
  { decoders, ...format }: Format,
  data: Data,
): Promise<Container> {
  const available = file.size - data.at;
  const isWide = data.size >= UNKNOWN_SIZE && data.wideSize && data.wideSize < MOST_WIDE_SIZE;
  const wide = isWide ? data.wideSize : null;
  const declared = wide ?? data.size;
  const isUnknown =
    (wide === null && (declared === 0 || declared >= UNKNOWN_SIZE)) ||
    (declared > available && isPlaceholder([declared, data.fileSize]));
  const isTooSmall =
    !isUnknown && (await goesOnAfter(file, data.at + declared, format.bytesPerSecond, WAV_CHUNK));
  const type = { contentType: 'audio/wav', demuxer: 'wav' } as const;
  const container = buildPcmContainer({
    ...{ ...type, ...format, available },
    declaredIsExact: !isUnknown && !isTooSmall && format.codec.startsWith('pcm_'),
    bytes: isUnknown || isTooSmall ? available : declared,
  });
  return {
    ...container,
    ...(decoders && { decoders }),
    ...(format.codec === 'mp3' && (await describeMp3(file, data.at))),
    ...(isTooSmall && {
      demuxerOptions: ['-ignore_length', '1'],
      warnings: [warnOfUnderstatement('WAV')],
    }),
  };
}

/** An MP3 in a WAV: the header of the container often lies about rate and length. */
async function describeMp3(file: BoundedFile, at: number): Promise<Partial<Container>> {
  const mp3 = await readMpegAudio(file, at);
  if (!mp3) return {};
  const { sampleRate, channels, declaredSeconds, soundBytes, fixedBitRate } = mp3;
  const found = { sampleRate, channels, declaredSeconds, soundBytes, fixedBitRate };
  return { ...found, declaredIsExact: mp3.declaredIsExact, mayBeStale: true };
}
