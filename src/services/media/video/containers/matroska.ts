import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import type { VideoLimits } from '../limits.ts';
import {
  AUDIO_DECODERS,
  type AudioTrack,
  type Container,
  roundMirroredTurn,
  roundToQuarterTurn,
  toHdr,
  VIDEO_DECODERS,
  type VideoTrack,
} from './container.ts';
import { type Element, readElementAt, readElements, readFloat, readUnsigned } from './ebml.ts';
import { noVideo, refuseExcessStreams, unsupportedCodec } from './refusals.ts';

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
/** Some writers put the header elements after the clusters, of which a film has some thousands. */
const MOST_TOP_LEVEL = 20_000;
/** Bytes of the info or tracks element. Both are small: fonts and covers are in other elements. */
const MOST_LOADED_BYTES = 2 * 1024 * 1024;

const VIDEO: Record<string, string | undefined> = {
  'V_MPEG4/ISO/AVC': 'h264',
  'V_MPEGH/ISO/HEVC': 'hevc',
  ...{ V_VP8: 'vp8', V_VP9: 'vp9', V_AV1: 'av1', V_PRORES: 'prores', V_MJPEG: 'mjpeg' },
  ...{ 'V_MPEG4/ISO/ASP': 'mpeg4', 'V_MPEG4/ISO/SP': 'mpeg4', 'V_MPEG4/ISO/AP': 'mpeg4' },
};
/** Codec names taken over from AVI files. */
const FOURCC: Record<string, string | undefined> = {
  ...{ XVID: 'mpeg4', DIVX: 'mpeg4', DX50: 'mpeg4', FMP4: 'mpeg4', MP4V: 'mpeg4' },
  ...{ H264: 'h264', AVC1: 'h264', MJPG: 'mjpeg' },
};
const AUDIO: readonly (readonly [RegExp, string])[] = [
  [/^A_AAC/, 'aac'],
  [/^A_MPEG\/L3$/, 'mp3'],
  [/^A_OPUS/, 'opus'],
  [/^A_VORBIS$/, 'vorbis'],
  [/^A_FLAC$/, 'flac'],
  [/^A_ALAC$/, 'alac'],
  [/^A_AC3/, 'ac3'],
  [/^A_PCM\//, 'pcm'],
];

/** Reads WebM and Matroska; null for another format. Source: RFC 9559. */
export async function readMatroska(
  file: BoundedFile,
  limits: VideoLimits,
): Promise<Container | null> {
  const opened = await openMatroska(file, limits);
  if (!opened) return null;
  const { isWebm, entries, streams, declaredSeconds } = opened;
  return {
    contentType: isWebm ? 'video/webm' : 'video/x-matroska',
    demuxer: 'matroska',
    video: readVideo(filterByKind(entries, 1)[0], isWebm ? 'WebM' : 'Matroska'),
    audio: readMatroskaSound(opened),
    ...{ streams, declaredSeconds },
  };
}

/** The descriptions of the tracks in a Matroska file. */
export interface OpenMatroska {
  isWebm: boolean;
  entries: readonly { body: Buffer }[];
  /** How many tracks are videos. */
  videos: number;
  streams: number;
  declaredSeconds: number | null;
}

/** Reads the list of tracks; null for another format. */
export async function openMatroska(
  file: BoundedFile,
  limits: VideoLimits,
): Promise<OpenMatroska | null> {
  const head = await file.read(0, 4096);
  if (head.length < 4 || head.readUInt32BE() !== EBML) return null;
  const { start, end } = readElementAt(head, 0);
  if (end === null || end > head.length) throw corrupt('The header of this file is broken.');
  const docType = findBody(head.subarray(start, end), 0x4282)
    ?.toString('latin1')
    .replace(/\0.*/, '');
  if (docType !== 'webm' && docType !== 'matroska') return null;
  const { info, tracks, began } = await readSegment(file, end);
  const entries = readElements(tracks).filter(({ id }) => id === 0xae);
  refuseExcessStreams(entries.length, limits);
  return {
    isWebm: docType === 'webm',
    entries,
    videos: filterByKind(entries, 1).length,
    streams: entries.length,
    declaredSeconds: readSeconds(info, began),
  };
}

/** Reads the first track with sound; null without one. */
export function readMatroskaSound({ entries }: OpenMatroska): AudioTrack | null {
  return readAudio(filterByKind(entries, 2)[0]);
}

/**
 * Finds the info and tracks elements, wherever they are, and the time of the first cluster; skips
 * the clusters.
 */
async function readSegment(file: BoundedFile, at: number) {
  const segment = await readElement(file, at);
  if (segment?.id !== SEGMENT) throw corrupt('This Matroska file has no segment.');
  const end = Math.min(segment.end ?? file.size, file.size);
  let info: Buffer | null = null;
  let tracks: Buffer | null = null;
  let began: number | null = null;
  let offset = segment.start;
  for (let count = 0; offset < end && !(info && tracks && began !== null); count++) {
    if (count === MOST_TOP_LEVEL) {
      throw new MediaError('TOO_COMPLEX', 'This Matroska file has too many elements.');
    }
    const element = await readElement(file, offset);
    if (element?.id === CLUSTER) began ??= await readClusterTime(file, element);
    if (!element || element.end === null) break;
    if (element.id === INFO) info = await loadBody(file, element, element.end);
    if (element.id === TRACKS) tracks = await loadBody(file, element, element.end);
    offset = element.end;
  }
  if (!tracks) throw corrupt('This Matroska file has no list of tracks.');
  return { info, tracks, began: began ?? 0 };
}

/** Reads the time of the first cluster, which is not 0 in some excerpts of longer recordings. */
async function readClusterTime(file: BoundedFile, { start: at }: Element): Promise<number> {
  const head = await file.read(at, 64);
  let offset = 0;
  // A checksum may come first.
  for (let count = 0; count < 3 && offset + 2 <= head.length; count++) {
    const { id, start, end } = readElementAt(head, offset);
    if (end === null || end > head.length) break;
    // Unsigned by the specification, but cutters write times before zero as negative numbers.
    if (id === 0xe7 && end - start === 8) return Number(head.readBigInt64BE(start));
    if (id === 0xe7) return readUnsigned(head.subarray(start, end)) ?? 0;
    offset = end;
  }
  return 0;
}

async function readElement(file: BoundedFile, at: number): Promise<Element | null> {
  const head = await file.read(at, 12);
  if (head.length < 2) return null;
  const { id, start, end } = readElementAt(head, 0);
  return { id, start: at + start, end: end === null ? null : at + end };
}

async function loadBody(file: BoundedFile, { start }: Element, end: number): Promise<Buffer> {
  if (end - start > MOST_LOADED_BYTES) {
    throw new MediaError('TOO_COMPLEX', 'A description in this Matroska file is too large.');
  }
  return file.read(start, end - start);
}

/**
 * Reads the duration in seconds. If the file does not begin at time 0, writers store its end time
 * instead.
 */
function readSeconds(info: Buffer | null, began: number): number | null {
  if (!info) return null;
  const scale = readUnsigned(findBody(info, 0x2ad7b1)) ?? 1_000_000;
  const duration = readFloat(findBody(info, 0x4489));
  if (duration === null || duration <= 0) return null;
  return ((duration > began ? duration - began : duration) * scale) / 1e9;
}

function filterByKind(entries: readonly { body: Buffer }[], kind: number): Buffer[] {
  return entries
    .map(({ body }) => body)
    .filter((body) => readUnsigned(findBody(body, 0x83)) === kind);
}

function readVideo(track: Buffer | undefined, container: string): VideoTrack {
  if (!track) throw noVideo(container);
  const id = findBody(track, 0x86)?.toString('latin1').replace(/\0.*/, '') ?? '';
  const codec = id === 'V_MS/VFW/FOURCC' ? FOURCC[readFourcc(track)] : VIDEO[id];
  const decoders = codec ? VIDEO_DECODERS[codec] : undefined;
  if (!codec || !decoders) throw unsupportedCodec(container, id);
  refuseEncoded(track, container);
  const picture = findBody(track, 0xe0) ?? Buffer.alloc(0);
  const color = findBody(picture, 0x55b0) ?? Buffer.alloc(0);
  const projection = findBody(picture, 0x7670) ?? Buffer.alloc(0);
  const frameNanoseconds = readUnsigned(findBody(track, 0x23e383));
  return {
    index: 0,
    ...{ codec, decoders },
    width: readUnsigned(findBody(picture, 0xb0)) ?? 0,
    height: readUnsigned(findBody(picture, 0xba)) ?? 0,
    rotation: readRotation(projection),
    frameRate: frameNanoseconds ? 1e9 / frameNanoseconds : null,
    hdr: toHdr(readUnsigned(findBody(color, 0x55ba)) ?? 2),
    ...(codec === 'vp8' && { declaredColor: readColor(color) }),
    declaredEnd: null,
  };
}

function readColor(color: Buffer): VideoTrack['declaredColor'] {
  const range = readUnsigned(findBody(color, 0x55b9));
  return {
    matrix: readUnsigned(findBody(color, 0x55b1)),
    isFullRange: range === 1 || range === 2 ? range === 2 : null,
  };
}

/** Roll is counterclockwise; a yaw of half a turn means mirrored. */
function readRotation(projection: Buffer) {
  const [yaw, roll] = [0x7673, 0x7675].map((id) => readFloat(findBody(projection, id)) ?? 0);
  return Math.abs(yaw ?? 0) > 90 ? roundMirroredTurn(roll ?? 0) : roundToQuarterTurn(-(roll ?? 0));
}

/** Refuses compressed tracks, which could decompress to any size, and encrypted ones. */
function refuseEncoded(track: Buffer, container: string): void {
  const encodings = findBody(track, 0x6d80);
  if (!encodings) return;
  for (const { body } of readElements(encodings)) {
    const compression = findBody(body, 0x5034);
    // 3: header stripping, which only stores the common first bytes of all frames once.
    if (compression && readUnsigned(findBody(compression, 0x4254)) === 3) continue;
    throw unsupportedCodec(container, 'compressed or encrypted frames');
  }
}

function readFourcc(track: Buffer): string {
  return (findBody(track, 0x63a2)?.toString('latin1', 16, 20) ?? '').toUpperCase();
}

function readAudio(track: Buffer | undefined): AudioTrack | null {
  if (!track) return null;
  const id = findBody(track, 0x86)?.toString('latin1').replace(/\0.*/, '') ?? '';
  const codec = AUDIO.find(([pattern]) => pattern.test(id))?.[1];
  const sound = findBody(track, 0xe1) ?? Buffer.alloc(0);
  return {
    index: 0,
    codec: codec ?? id.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64),
    decoders: (codec && AUDIO_DECODERS[codec]) || [],
    sampleRate: Math.round(readFloat(findBody(sound, 0xb5)) ?? 8000),
    channels: readUnsigned(findBody(sound, 0x9f)) ?? 1,
    declaredEnd: null,
  };
}

function findBody(body: Buffer, id: number): Buffer | undefined {
  return readElements(body).find((element) => element.id === id)?.body;
}
