import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import type { VideoLimits } from '../limits.ts';
import {
  AUDIO_DECODERS,
  type AudioTrack,
  type Container,
  hdrOf,
  mirroredTurn,
  quarterTurn,
  VIDEO_DECODERS,
  type VideoTrack,
} from './container.ts';
import { type Element, elementAt, elementsIn, float, unsigned } from './ebml.ts';
import { noVideo, refusedCodec, refuseExcessStreams } from './refusals.ts';

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
/** Some writers put what matters behind the clusters; an honest film has some thousands. */
const TOP_LEVEL = 20_000;
/** Fonts and covers are elsewhere: descriptions of tracks are small. */
const LOADED = 2 * 1024 * 1024;

const VIDEO: Record<string, string | undefined> = {
  'V_MPEG4/ISO/AVC': 'h264',
  'V_MPEGH/ISO/HEVC': 'hevc',
  ...{ V_VP8: 'vp8', V_VP9: 'vp9', V_AV1: 'av1', V_PRORES: 'prores', V_MJPEG: 'mjpeg' },
  ...{ 'V_MPEG4/ISO/ASP': 'mpeg4', 'V_MPEG4/ISO/SP': 'mpeg4', 'V_MPEG4/ISO/AP': 'mpeg4' },
};
/** Codecs of old AVI files, carried along. */
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

/** WebM and Matroska; null where it is neither. Source: RFC 9559. */
export async function readMatroska(
  file: BoundedFile,
  limits: VideoLimits,
): Promise<Container | null> {
  const head = await file.read(0, 4096);
  if (head.length < 4 || head.readUInt32BE() !== EBML) return null;
  const { start, end } = elementAt(head, 0);
  if (end === null || end > head.length) throw corrupt('The header of this file is broken.');
  const docType = find(head.subarray(start, end), 0x4282)?.toString('latin1').replace(/\0.*/, '');
  if (docType !== 'webm' && docType !== 'matroska') return null;
  const { info, tracks, began } = await readSegment(file, end);
  const entries = elementsIn(tracks).filter(({ id }) => id === 0xae);
  refuseExcessStreams(entries.length, limits);
  const container = docType === 'webm' ? 'WebM' : 'Matroska';
  return {
    contentType: docType === 'webm' ? 'video/webm' : 'video/x-matroska',
    demuxer: 'matroska',
    video: readVideo(ofKind(entries, 1)[0], container),
    audio: readAudio(ofKind(entries, 2)[0]),
    streams: entries.length,
    declaredSeconds: secondsOf(info, began),
  };
}

/** What is said of the whole and of its tracks, wherever it is; clusters are jumped over. */
async function readSegment(file: BoundedFile, at: number) {
  const whole = await nextElement(file, at);
  if (whole?.id !== SEGMENT) throw corrupt('This Matroska file holds nothing.');
  const end = Math.min(whole.end ?? file.size, file.size);
  let info: Buffer | null = null;
  let tracks: Buffer | null = null;
  let began: number | null = null;
  let offset = whole.start;
  for (let count = 0; offset < end && !(info && tracks && began !== null); count++) {
    if (count === TOP_LEVEL) {
      throw new MediaError('TOO_COMPLEX', 'This Matroska file is in too many pieces.');
    }
    const element = await nextElement(file, offset);
    if (element?.id === CLUSTER) began ??= await beginningOf(file, element);
    if (!element || element.end === null) break;
    if (element.id === INFO) info = await loaded(file, element, element.end);
    if (element.id === TRACKS) tracks = await loaded(file, element, element.end);
    offset = element.end;
  }
  if (!tracks) throw corrupt('This Matroska file does not say what is in it.');
  return { info, tracks, began: began ?? 0 };
}

/** The time of the first cluster: a piece of a longer recording may keep its place in it. */
async function beginningOf(file: BoundedFile, { start: at }: Element): Promise<number> {
  const head = await file.read(at, 64);
  let offset = 0;
  // A checksum may come first.
  for (let count = 0; count < 3 && offset + 2 <= head.length; count++) {
    const { id, start, end } = elementAt(head, offset);
    if (end === null || end > head.length) break;
    if (id === 0xe7) return unsigned(head.subarray(start, end)) ?? 0;
    offset = end;
  }
  return 0;
}

async function nextElement(file: BoundedFile, at: number): Promise<Element | null> {
  const head = await file.read(at, 12);
  if (head.length < 2) return null;
  const { id, start, end } = elementAt(head, 0);
  return { id, start: at + start, end: end === null ? null : at + end };
}

async function loaded(file: BoundedFile, { start }: Element, end: number): Promise<Buffer> {
  if (end - start > LOADED) {
    throw new MediaError('TOO_COMPLEX', 'A description in this Matroska file is too large.');
  }
  return file.read(start, end - start);
}

/** Where it does not begin at 0, writers give its end for its duration. */
function secondsOf(info: Buffer | null, began: number): number | null {
  if (!info) return null;
  const scale = unsigned(find(info, 0x2ad7b1)) ?? 1_000_000;
  const duration = float(find(info, 0x4489));
  if (duration === null || duration <= 0) return null;
  return ((duration > began ? duration - began : duration) * scale) / 1e9;
}

function ofKind(entries: readonly { body: Buffer }[], kind: number): Buffer[] {
  return entries.map(({ body }) => body).filter((body) => unsigned(find(body, 0x83)) === kind);
}

function readVideo(track: Buffer | undefined, container: string): VideoTrack {
  if (!track) throw noVideo(container);
  const id = find(track, 0x86)?.toString('latin1').replace(/\0.*/, '') ?? '';
  const codec = id === 'V_MS/VFW/FOURCC' ? FOURCC[fourccOf(track)] : VIDEO[id];
  const decoders = codec ? VIDEO_DECODERS[codec] : undefined;
  if (!codec || !decoders) throw refusedCodec(container, id);
  refuseEncoded(track, container);
  const picture = find(track, 0xe0) ?? Buffer.alloc(0);
  const color = find(picture, 0x55b0) ?? Buffer.alloc(0);
  const projection = find(picture, 0x7670) ?? Buffer.alloc(0);
  const frameNanoseconds = unsigned(find(track, 0x23e383));
  return {
    index: 0,
    ...{ codec, decoders },
    width: unsigned(find(picture, 0xb0)) ?? 0,
    height: unsigned(find(picture, 0xba)) ?? 0,
    rotation: rotationOf(projection),
    frameRate: frameNanoseconds ? 1e9 / frameNanoseconds : null,
    hdr: hdrOf(unsigned(find(color, 0x55ba)) ?? 2),
    declaredEnd: null,
  };
}

/** Its roll is counted the other way round; a yaw of half a turn is a mirror. */
function rotationOf(projection: Buffer) {
  const [yaw, roll] = [0x7673, 0x7675].map((id) => float(find(projection, id)) ?? 0);
  return Math.abs(yaw ?? 0) > 90 ? mirroredTurn(roll ?? 0) : quarterTurn(-(roll ?? 0));
}

/** Its compression of tracks unpacks to any size, and nobody uses it for pictures. */
function refuseEncoded(track: Buffer, container: string): void {
  const encodings = find(track, 0x6d80);
  if (!encodings) return;
  for (const { body } of elementsIn(encodings)) {
    const compression = find(body, 0x5034);
    // 3: a few bytes that each frame begins with are said once.
    if (compression && unsigned(find(compression, 0x4254)) === 3) continue;
    throw refusedCodec(container, 'packed or protected frames');
  }
}

function fourccOf(track: Buffer): string {
  return (find(track, 0x63a2)?.toString('latin1', 16, 20) ?? '').toUpperCase();
}

function readAudio(track: Buffer | undefined): AudioTrack | null {
  if (!track) return null;
  const id = find(track, 0x86)?.toString('latin1').replace(/\0.*/, '') ?? '';
  const codec = AUDIO.find(([pattern]) => pattern.test(id))?.[1];
  const sound = find(track, 0xe1) ?? Buffer.alloc(0);
  return {
    index: 0,
    codec: codec ?? id.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64),
    decoders: (codec && AUDIO_DECODERS[codec]) || [],
    sampleRate: Math.round(float(find(sound, 0xb5)) ?? 8000),
    channels: unsigned(find(sound, 0x9f)) ?? 1,
    declaredEnd: null,
  };
}

function find(body: Buffer, id: number): Buffer | undefined {
  return elementsIn(body).find((element) => element.id === id)?.body;
}
