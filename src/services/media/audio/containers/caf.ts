import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';
import { readAsRaw, warnOfUnderstatement } from './pcm.ts';
import { CAF_CHUNK, goesOnAfter, isPlaceholder } from './riff-sizes.ts';

const MOST_CHUNKS = 1000;
const IS_FLOAT = 1;
const IS_LITTLE_ENDIAN = 2;
/** The compressed formats that are decoded, by their names in the file. */
const CODECS: Record<string, readonly [codec: string, lossless: boolean] | undefined> = {
  'aac ': ['aac', false],
  alac: ['alac', true],
  ima4: ['adpcm_ima_qt', false],
  alaw: ['pcm_alaw', false],
  ulaw: ['pcm_mulaw', false],
  opus: ['opus', false],
};

interface Description {
  sampleRate: number;
  codec: string;
  lossless: boolean;
  bytesPerPacket: number;
  framesPerPacket: number;
  channels: number;
}

/** Where the sound is, how many bytes of it are declared, and how many bytes follow. */
interface Sound {
  at: number;
  bytes: number;
  available: number;
  /** Whether the size was never written. */
  isOpen: boolean;
}

/** Reads Apple's Core Audio Format; null for another format. */
export async function readCaf(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 8);
  if (head.toString('latin1', 0, 4) !== 'caff') return null;
  let description: Description | null = null;
  let sound: Sound | null = null;
  let frames: number | null = null;
  let offset = start + 8;
  for (let count = 0; count < MOST_CHUNKS && offset + 12 <= file.size; count++) {
    const chunk = await file.read(offset, 12 + 32);
    const name = chunk.toString('latin1', 0, 4);
    const size = Number(chunk.readBigInt64BE(4));
    const body = chunk.subarray(12);
    if (name === 'desc') description = readDescription(body);
    // The valid frames of a packet table, without priming and remainder.
    if (name === 'pakt' && body.length >= 24) frames = Number(body.readBigInt64BE(8));
    const rest = file.size - offset - 12;
    // A size of −1 means up to the end: what a recorder writes that cannot go back.
    const isOpen = size <= 4 || (size > rest && isPlaceholder([size]));
    if (name === 'data') {
      const bytes = Math.max(0, (isOpen ? rest : size) - 4);
      sound = { at: offset + 16, bytes, available: Math.max(0, rest - 4), isOpen };
    }
    if (size < 0 || (name === 'data' && isOpen)) break;
    offset += 12 + size;
  }
  if (!description) throw corrupt('This CAF file does not say in which format its sound is.');
  if (!sound) throw corrupt('This CAF file has no sound in it.');
  return buildContainer(file, description, sound, frames);
}

function readDescription(body: Buffer): Description {
  if (body.length < 32) throw corrupt('This CAF file ends within its description.');
  const sampleRate = Math.round(body.readDoubleBE(0));
  const kind = body.toString('latin1', 8, 12);
  const [flags, bytesPerPacket, framesPerPacket, channels, bits] = [12, 16, 20, 24, 28].map((at) =>
    body.readUInt32BE(at),
  ) as [number, number, number, number, number];
  if (!(sampleRate >= 1) || channels === 0) {
    throw corrupt('This CAF file declares zero channels or a sample rate of zero.');
  }
  const found = kind === 'lpcm' ? ([findPcm(flags, bits), true] as const) : CODECS[kind];
  if (!found?.[0]) {
    const name = kind.replace(/[^\x20-\x7e]/g, '?');
    throw new MediaError(
      'UNSUPPORTED_MEDIA',
      `The sound of this CAF file is encoded as "${name}" with ${bits} bits; ${ACCEPTED}.`,
    );
  }
  const [codec, lossless] = found as [string, boolean];
  return { sampleRate, codec, lossless, bytesPerPacket, framesPerPacket, channels };
}

function findPcm(flags: number, bits: number): string | null {
  const endian = flags & IS_LITTLE_ENDIAN ? 'le' : 'be';
  if (flags & IS_FLOAT) return [32, 64].includes(bits) ? `pcm_f${bits}${endian}` : null;
  if (bits === 8) return 'pcm_s8';
  return [16, 24, 32].includes(bits) ? `pcm_s${bits}${endian}` : null;
}

async function buildContainer(
  file: BoundedFile,
  description: Description,
  sound: Sound,
  counted: number | null,
): Promise<Container> {
  const { sampleRate, codec, lossless, bytesPerPacket, framesPerPacket, channels } = description;
  const isFixed = bytesPerPacket > 0 && framesPerPacket > 0;
  const bytesPerSecond = isFixed ? (sampleRate * bytesPerPacket) / framesPerPacket : 0;
  const isPcm = isFixed && codec.startsWith('pcm_');
  const isTooSmall =
    isPcm &&
    !sound.isOpen &&
    (await goesOnAfter(file, sound.at + sound.bytes, bytesPerSecond, CAF_CHUNK));
  const bytes = isTooSmall ? sound.available : sound.bytes;
  const seconds = isFixed ? bytes / bytesPerSecond : (counted ?? 0) / sampleRate;
  const container: Container = {
    ...{ contentType: 'audio/x-caf', demuxer: 'caf', decoders: [codec] },
    ...{ codec, lossless, sampleRate, channels, streams: 1 },
    declaredSeconds: seconds > 0 ? seconds : null,
    declaredIsExact: seconds > 0 && !sound.isOpen && !isTooSmall,
    soundBytes: Math.min(bytes, sound.available),
    fixedBitRate: isFixed ? Math.round(bytesPerSecond * 8) : null,
    ...(isPcm && { mostSeconds: sound.available / bytesPerSecond }),
  };
  if (!isPcm || !(sound.isOpen || isTooSmall)) return container;
  const warnings = isTooSmall ? { warnings: [warnOfUnderstatement('CAF')] } : {};
  return { ...readAsRaw(container, sound.at), ...warnings };
}
