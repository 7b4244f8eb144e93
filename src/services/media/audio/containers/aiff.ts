import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { buildPcmContainer, readAsRaw, warnOfUnderstatement } from './pcm.ts';
import { AIFF_CHUNK, goesOnAfter, isPlaceholder } from './riff-sizes.ts';

interface Format {
  codec: string;
  sampleRate: number;
  channels: number;
  frames: number;
  bytesPerFrame: number;
}

/** Where the sound is, and how many bytes its chunk declares; below 0 when it was never completed. */
interface Sound {
  at: number;
  bytes: number;
}

const MOST_CHUNKS = 1000;

/**
 * Reads AIFF, and AIFC with PCM, A-law, µ-law or IMA ADPCM; null for another format. Source: Apple,
 * "AIFF-C" draft of 1991.
 */
export async function readAiff(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 12);
  const family = head.toString('latin1', 8, 12);
  if (head.toString('latin1', 0, 4) !== 'FORM' || !['AIFF', 'AIFC'].includes(family)) return null;
  let format: Format | null = null;
  let sound: Sound | null = null;
  let offset = start + 12;
  // The format chunk may come after the sound data.
  for (let count = 0; count < MOST_CHUNKS && offset + 8 <= file.size; count++) {
    const chunk = await file.read(offset, 8 + 22);
    if (chunk.length < 8) break;
    const name = chunk.toString('latin1', 0, 4);
    const size = chunk.readUInt32BE(4);
    if (name === 'COMM') format = readFormat(chunk.subarray(8), size, family === 'AIFC');
    // Its size is that of 8 bytes more than the sound.
    if (name === 'SSND') sound = { at: offset + 16, bytes: size - 8 };
    if (format && sound) return buildContainer(file, format, sound);
    offset += 8 + size + (size % 2);
  }
  throw corrupt(
    format
      ? 'This AIFF file has no sound in it.'
      : 'This AIFF file does not say in which format its sound is.',
  );
}

function readFormat(chunk: Buffer, size: number, isCompressed: boolean): Format {
  const least = isCompressed ? 22 : 18;
  if (size < least || chunk.length < least) {
    throw corrupt('This AIFF file does not say in which format its sound is.');
  }
  const channels = chunk.readUInt16BE(0);
  const frames = chunk.readUInt32BE(2);
  const bits = chunk.readUInt16BE(6);
  const sampleRate = readExtended(chunk.subarray(8, 18));
  const kind = isCompressed ? chunk.toString('latin1', 18, 22) : 'NONE';
  const { codec, bytes } = findEncoding(kind, Math.ceil(bits / 8));
  if (channels === 0 || !(sampleRate >= 1)) {
    throw corrupt('This AIFF file declares zero channels or a sample rate of zero.');
  }
  return { codec, sampleRate, channels, frames, bytesPerFrame: bytes * channels };
}

function findEncoding(kind: string, bytes: number): { codec: string; bytes: number } {
  const bigEndian: Record<number, string> = {
    1: 'pcm_s8',
    2: 'pcm_s16be',
    3: 'pcm_s24be',
    4: 'pcm_s32be',
  };
  const others: Record<string, { codec: string; bytes: number } | undefined> = {
    // By definition of 16 bits: the decoder makes noise of files that use it for more.
    sowt: bytes === 2 ? { codec: 'pcm_s16le', bytes: 2 } : undefined,
    'raw ': bytes === 1 ? { codec: 'pcm_u8', bytes: 1 } : undefined,
    in24: { codec: 'pcm_s24be', bytes: 3 },
    in32: { codec: 'pcm_s32be', bytes: 4 },
    // A block of 34 bytes holds 64 samples; the header counts blocks.
    ima4: { codec: 'adpcm_ima_qt', bytes: 34 },
    fl32: { codec: 'pcm_f32be', bytes: 4 },
    FL32: { codec: 'pcm_f32be', bytes: 4 },
    fl64: { codec: 'pcm_f64be', bytes: 8 },
    FL64: { codec: 'pcm_f64be', bytes: 8 },
    alaw: { codec: 'pcm_alaw', bytes: 1 },
    ulaw: { codec: 'pcm_mulaw', bytes: 1 },
  };
  const codec = bigEndian[bytes];
  const found = ['NONE', 'twos'].includes(kind) && codec ? { codec, bytes } : others[kind];
  if (found) return found;
  const name = kind.replace(/[^\x20-\x7e]/g, '?');
  throw new MediaError(
    'UNSUPPORTED_MEDIA',
    `The sound of this AIFF file is encoded as "${name}" with ${bytes * 8} bits; ${ACCEPTED}.`,
  );
}

/**
 * Reads an 80-bit extended float, the type of the sample rate: sign and exponent, then 64 bits of
 * mantissa.
 */
function readExtended(bytes: Buffer): number {
  const exponent = bytes.readUInt16BE(0) & 0x7fff;
  return Math.round(Number(bytes.readBigUInt64BE(2)) * 2 ** (exponent - 16_383 - 63));
}

const IMA_SAMPLES = 64;

async function buildContainer(file: BoundedFile, format: Format, chunk: Sound): Promise<Container> {
  const { frames, bytesPerFrame, ...sound } = format;
  const available = Math.max(0, file.size - chunk.at);
  const samples = sound.codec === 'adpcm_ima_qt' ? IMA_SAMPLES : 1;
  const bytesPerSecond = (sound.sampleRate * bytesPerFrame) / samples;
  const isOpen = chunk.bytes < 0;
  const isTooSmall =
    !isOpen && (await goesOnAfter(file, chunk.at + chunk.bytes, bytesPerSecond, AIFF_CHUNK));
  const declared = frames * bytesPerFrame;
  const isUnknown =
    isOpen ||
    isTooSmall ||
    frames === 0 ||
    (declared > available && isPlaceholder([declared, frames]));
  const container = buildPcmContainer({
    ...{ contentType: 'audio/aiff', demuxer: 'aiff', declaredIsExact: !isUnknown, ...sound },
    bytesPerSecond,
    bytes: isUnknown ? available : declared,
    available,
  });
  if (!isOpen && !isTooSmall) return container;
  const warnings = isTooSmall ? { warnings: [warnOfUnderstatement('AIFF')] } : {};
  return { ...readAsRaw(container, chunk.at), ...warnings };
}
