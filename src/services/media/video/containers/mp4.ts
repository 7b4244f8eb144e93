import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { findBox, readBoxes } from '../../mp4-boxes.ts';
import { ACCEPTED, type VideoLimits } from '../limits.ts';
import type { Container } from './container.ts';
import {
  AUDIO_DECODERS,
  type AudioTrack,
  roundMirroredTurn,
  roundToQuarterTurn,
  VIDEO_DECODERS,
} from './container.ts';
import { readAudioEntry, readVideoEntry, type Sample } from './mp4-samples.ts';
import { findChildren, findMovie, loadBody, type Span } from './mp4-spans.ts';
import { noVideo, refuseExcessStreams, unsupportedCodec } from './refusals.ts';

const FIRST_BOXES = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot'];
/** Brands of images in the same container, which are reported by their own name. */
const IMAGE_BRANDS = ['heic', 'heix', 'hevc', 'hevx', 'mif1', 'msf1', 'avif', 'avis', 'crx '];
/**
 * The most entries of an edit list. Ordinary files have a few; a decoder takes long for millions.
 */
const MOST_EDITS = 1000;

interface Track {
  kind: string;
  sample: Sample | null;
  /** The length of its media, and when it ends from the start of the file, in seconds. */
  seconds: number | null;
  end: number | null;
  matrix: readonly number[];
  frameRate: number | null;
}

/** Reads MP4 and MOV; null for another format. Source: ISO/IEC 14496-12, QuickTime File Format. */
export async function readMp4(file: BoundedFile, limits: VideoLimits): Promise<Container | null> {
  const head = await file.read(0, 12);
  if (head.length < 8 || !FIRST_BOXES.includes(head.toString('latin1', 4, 8))) return null;
  const brand = head.toString('latin1', 4, 8) === 'ftyp' ? head.toString('latin1', 8, 12) : 'qt  ';
  if (IMAGE_BRANDS.includes(brand)) return null;
  const moov = await findMovie(file);
  const inside = await findChildren(file, moov);
  const traks = inside.filter(({ name }) => name === 'trak');
  refuseExcessStreams(traks.length, limits);
  const mvhd = inside.find((box) => box.name === 'mvhd');
  const clock = mvhd ? readClock(await loadBody(file, mvhd)) : null;
  const tracks: Track[] = [];
  for (const trak of traks) tracks.push(await readTrack(file, trak, clock?.timescale));

  const pictures = tracks.filter(({ kind }) => kind === 'vide');
  const index = pictures.findIndex(({ sample }) => sample && !sample.still);
  const video = pictures[index];
  if (!video?.sample) throw noVideo('MP4');
  const { codec, name, width, height, hdr } = video.sample;
  const decoders = codec ? VIDEO_DECODERS[codec] : undefined;
  if (!codec || !decoders) throw unsupportedCodec('MP4', name);
  return {
    contentType: brand === 'qt  ' ? 'video/quicktime' : 'video/mp4',
    demuxer: 'mov',
    video: {
      ...{ index, codec, decoders, width, height, hdr },
      rotation: toRotation(video.matrix),
      frameRate: video.frameRate,
      declaredEnd: video.end,
    },
    audio: buildAudioTrack(tracks),
    streams: tracks.length,
    declaredSeconds: toSeconds(clock) ?? video.seconds,
  };
}

function buildAudioTrack(tracks: readonly Track[]): AudioTrack | null {
  const { sample, end } = tracks.find(({ kind }) => kind === 'soun') ?? {};
  if (!sample) return null;
  const { codec, name, sampleRate, channels } = sample;
  const decoders = (codec && AUDIO_DECODERS[codec.replace(/^pcm_.*/, 'pcm')]) || [];
  return {
    ...{ index: 0, codec: codec ?? name, decoders, sampleRate, channels },
    declaredEnd: end ?? null,
  };
}

async function readTrack(file: BoundedFile, trak: Span, timescale?: number): Promise<Track> {
  const boxes = await findChildren(file, trak);
  const media = await findChildrenOf(file, boxes, 'mdia');
  const handler = await loadBox(file, media, 'hdlr');
  const kind = handler?.toString('latin1', 8, 12) ?? '';
  const edits = await loadBox(file, await findChildrenOf(file, boxes, 'edts'), 'elst');
  if (edits && edits.length >= 8 && edits.readUInt32BE(4) > MOST_EDITS) {
    throw new MediaError('TOO_COMPLEX', 'A track of this MP4 file has too many edits.');
  }
  const details = await findChildrenOf(file, media, 'minf');
  await refuseExternalSamples(file, details);
  const table = await findChildrenOf(file, details, 'stbl');
  const description = await loadBox(file, table, 'stsd');
  const clock = await loadBox(file, media, 'mdhd');
  const placed = await loadBox(file, boxes, 'tkhd');
  if (!['vide', 'soun'].includes(kind)) {
    return { kind, sample: null, seconds: null, end: null, matrix: [], frameRate: null };
  }
  if (!description) throw corrupt('This MP4 file has a track without a description.');
  const sample = kind === 'vide' ? readVideoEntry(description) : readAudioEntry(description);
  const frameRate = kind === 'vide' && clock ? await readFrameRate(file, table, clock) : null;
  const seconds = toSeconds(clock && readClock(clock));
  const end = edits && timescale ? readEditEnd(edits, timescale) : seconds;
  return { kind, sample, seconds, end, matrix: readMatrix(placed), frameRate };
}

/**
 * Refuses a track whose samples are declared to be in another file or at a URL, which a demuxer
 * could open.
 */
async function refuseExternalSamples(file: BoundedFile, details: readonly Span[]): Promise<void> {
  const information = details.find(({ name }) => name === 'dinf');
  if (!information) return;
  const dref = findBox({ name: 'dinf', body: await loadBody(file, information) }, 'dref');
  if (!dref) return;
  const entries = readBoxes({ ...dref, body: dref.body.subarray(8) });
  // Flag 1: the samples are in this file.
  if (entries.every((entry) => ((entry.body[3] ?? 0) & 1) === 1)) return;
  throw new MediaError(
    'UNSUPPORTED_MEDIA',
    `The pictures or the sound of this MP4 file are stored in another file; ${ACCEPTED}.`,
  );
}

async function findChildrenOf(
  file: BoundedFile,
  boxes: readonly Span[],
  name: string,
): Promise<Span[]> {
  const found = boxes.find((box) => box.name === name);
  return found ? findChildren(file, found) : [];
}

async function loadBox(file: BoundedFile, boxes: readonly Span[], name: string) {
  const found = boxes.find((box) => box.name === name);
  return found ? loadBody(file, found) : null;
}

/**
 * When the edit list ends, in seconds; it includes a delay before the track begins. null for a
 * total of 0.
 */
function readEditEnd(edits: Buffer, timescale: number): number | null {
  const wide = edits[0] === 1;
  const size = wide ? 20 : 12;
  let ticks = 0;
  for (let at = 8; at + size <= edits.length; at += size) {
    ticks += wide ? Number(edits.readBigUInt64BE(at)) : edits.readUInt32BE(at);
  }
  return ticks > 0 ? ticks / timescale : null;
}

function toSeconds(clock: Clock | null): number | null {
  return clock && clock.duration > 0 ? clock.duration / clock.timescale : null;
}

interface Clock {
  timescale: number;
  duration: number;
}

/**
 * Reads timescale and duration of an mvhd or mdhd box. The duration is 0 when unknown (0 or all
 * ones).
 */
function readClock(header: Buffer): Clock | null {
  const wide = header[0] === 1;
  if (header.length < (wide ? 32 : 20)) return null;
  const timescale = header.readUInt32BE(wide ? 20 : 12);
  const duration = wide ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  if (timescale === 0) return null;
  return { timescale, duration: duration >= (wide ? 2 ** 63 : 0xffff_ffff) ? 0 : duration };
}

/** Reads the four numbers of the matrix in a tkhd box that rotate. */
function readMatrix(header: Buffer | null): readonly number[] {
  const at = header?.[0] === 1 ? 52 : 40;
  if (!header || header.length < at + 20) return [];
  return [0, 4, 12, 16].map((offset) => header.readInt32BE(at + offset) / 65_536);
}

function toRotation([a = 1, b = 0, c = 0, d = 1]: readonly number[]) {
  const degrees = (Math.atan2(b, a) * 180) / Math.PI;
  return a * d - b * c < 0 ? roundMirroredTurn(degrees) : roundToQuarterTurn(degrees);
}

/** The average frame rate, from the first entries of the time-to-sample table (stts). */
async function readFrameRate(file: BoundedFile, table: readonly Span[], clock: Buffer) {
  const times = table.find(({ name }) => name === 'stts');
  const timescale = readClock(clock)?.timescale;
  if (!times || !timescale) return null;
  const bytes = await file.read(times.start, Math.min(times.end - times.start, 8 + 8 * 16_384));
  if (bytes.length < 8) return null;
  const count = Math.min(bytes.readUInt32BE(4), (bytes.length - 8) >> 3);
  let [frames, ticks] = [0, 0];
  for (let n = 0; n < count; n++) {
    const samples = bytes.readUInt32BE(8 + n * 8);
    const delta = bytes.readUInt32BE(12 + n * 8);
    frames += samples;
    ticks += samples * delta;
  }
  return frames < 2 || ticks === 0 ? null : (frames * timescale) / ticks;
}
