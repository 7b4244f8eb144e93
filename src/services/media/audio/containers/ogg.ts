import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { ACCEPTED } from '../limits.ts';
import { repeatsVorbisHeaders } from '../ogg-repair.ts';
import type { Container } from './container.ts';
import { readStreamInfo } from './flac.ts';
import { type OggPage, readOggPages } from './ogg-pages.ts';

type Sound = Pick<Container, 'codec' | 'sampleRate' | 'channels' | 'lossless' | 'decoders'> & {
  serial: number;
  granuleRate: number;
};

const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 128 * 1024;
const UNSUPPORTED = [
  ['\x80theora', 'Ogg video'],
  ['BBCD', 'Ogg video'],
  ['OVP80', 'Ogg video'],
  ['Speex', 'Speex in Ogg'],
] as const;

/**
 * Reads Ogg with Vorbis, Opus or FLAC; null for another format. Source: RFC 3533, RFC 7845, Vorbis
 * I.
 */
export async function readOgg(file: BoundedFile, start: number): Promise<Container | null> {
  const bytes = await file.read(start, HEAD_BYTES);
  if (bytes.toString('latin1', 0, 4) !== 'OggS') return null;
  const pages = [...readOggPages(bytes)];
  const begins = pages.filter((page) => page.begins);
  for (const { body } of begins) refuseOtherCodec(body.toString('latin1', 0, 8));
  const sound = begins.map(readSound).find((found) => found !== null);
  if (!sound) throw corrupt('This Ogg file does not begin with a stream that can be read.');
  const { serial, granuleRate, ...facts } = sound;
  return {
    contentType: 'audio/ogg',
    demuxer: 'ogg',
    ...facts,
    streams: begins.length,
    declaredSeconds: await readSeconds(file, pages, serial, granuleRate),
    // The length is read from the last page: a file that was cut off looks like a shorter one.
    declaredIsExact: false,
    soundBytes: null,
    fixedBitRate: null,
    repeatsHeaders: facts.codec === 'vorbis' && repeatsVorbisHeaders(filterSerial(pages, serial)),
  };
}

function filterSerial(pages: readonly OggPage[], serial: number): OggPage[] {
  return pages.filter((page) => page.serial === serial);
}

function refuseOtherCodec(name: string): void {
  const other = UNSUPPORTED.find(([magic]) => name.startsWith(magic));
  if (other) throw new MediaError('UNSUPPORTED_MEDIA', `This is ${other[1]}; ${ACCEPTED}.`);
}

function readSound({ body, serial }: OggPage): Sound | null {
  const name = body.toString('latin1', 0, 8);
  if (name.startsWith('\x01vorbis') && body.length >= 16) {
    const sampleRate = body.readUInt32LE(12);
    if (sampleRate === 0) throw corrupt('This Ogg file declares a sample rate of zero.');
    const facts = {
      codec: 'vorbis',
      decoders: ['vorbis'],
      lossless: false,
      channels: body[11] ?? 0,
    };
    return { serial, ...facts, sampleRate, granuleRate: sampleRate };
  }
  if (name === 'OpusHead' && body.length >= 10) {
    const facts = { codec: 'opus', decoders: ['opus'], lossless: false, channels: body[9] ?? 0 };
    return { serial, ...facts, sampleRate: 48_000, granuleRate: 48_000 };
  }
  if (name.startsWith('\x7fFLAC') && body.length >= 51) {
    const { sampleRate, channels } = readStreamInfo(body.subarray(17));
    const facts = { codec: 'flac', decoders: ['flac'], lossless: true };
    return { serial, ...facts, channels, sampleRate, granuleRate: sampleRate };
  }
  return null;
}

/**
 * The length in seconds, from the first page with sound to the last. A recorded broadcast does not
 * start at 0.
 */
async function readSeconds(
  file: BoundedFile,
  pages: OggPage[],
  serial: number,
  rate: number,
): Promise<number | null> {
  const first = pages.find((page) => page.serial === serial && (page.granule ?? 0) > 0);
  const base = Math.max(0, file.size - TAIL_BYTES);
  const tail = await file.read(base, TAIL_BYTES);
  for (
    let at = tail.lastIndexOf('OggS');
    at >= 0;
    at = at === 0 ? -1 : tail.lastIndexOf('OggS', at - 1)
  ) {
    if (at + 27 > tail.length || tail.readUInt32LE(at + 14) !== serial) continue;
    const granule = tail.readBigInt64LE(at + 6);
    if (granule > 0n) return Math.max(0, Number(granule) - findStart(first, rate)) / rate;
  }
  return null;
}

/**
 * A first page holds about a second; a larger position means that the recording joined a running
 * broadcast.
 */
function findStart(first: OggPage | undefined, rate: number): number {
  const granule = first?.granule ?? 0;
  return granule > rate * 5 ? granule : 0;
}
