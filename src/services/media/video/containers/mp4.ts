import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { boxesIn, findBox } from '../../mp4-boxes.ts';
import { ACCEPTED, type VideoLimits } from '../limits.ts';
import type { Container } from './container.ts';
import {
  AUDIO_DECODERS,
  type AudioTrack,
  mirroredTurn,
  quarterTurn,
  VIDEO_DECODERS,
} from './container.ts';
import { readAudioEntry, readVideoEntry, type Sample } from './mp4-samples.ts';
import { childrenOf, loaded, type Span, topLevel } from './mp4-spans.ts';
import { noVideo, refusedCodec, refuseExcessStreams } from './refusals.ts';

const STARTS = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot'];
/** Pictures in the same clothes, that are named by what they are. */
const PICTURES = ['heic', 'heix', 'hevc', 'hevx', 'mif1', 'msf1', 'avif', 'avis', 'crx '];
/** An honest one has a handful. A decoder takes long over millions. */
const EDITS = 1000;

interface Track {
  kind: string;
  sample: Sample | null;
  /** Of its media, and when it ends in the whole. */
  seconds: number | null;
  end: number | null;
  matrix: readonly number[];
  frameRate: number | null;
}

/** MP4 and MOV; null where it is neither. Source: ISO/IEC 14496-12, QuickTime File Format. */
export async function readMp4(file: BoundedFile, limits: VideoLimits): Promise<Container | null> {
  const head = await file.read(0, 12);
  if (head.length < 8 || !STARTS.includes(head.toString('latin1', 4, 8))) return null;
  const brand = head.toString('latin1', 4, 8) === 'ftyp' ? head.toString('latin1', 8, 12) : 'qt  ';
  if (PICTURES.includes(brand)) return null;
  const moov = await topLevel(file);
  const inside = await childrenOf(file, moov);
  const traks = inside.filter(({ name }) => name === 'trak');
  refuseExcessStreams(traks.length, limits);
  const mvhd = inside.find((box) => box.name === 'mvhd');
  const clock = mvhd ? clockOf(await loaded(file, mvhd)) : null;
  const tracks: Track[] = [];
  for (const trak of traks) tracks.push(await readTrack(file, trak, clock?.timescale));

  const pictures = tracks.filter(({ kind }) => kind === 'vide');
  const index = pictures.findIndex(({ sample }) => sample && !sample.still);
  const video = pictures[index];
  if (!video?.sample) throw noVideo('MP4');
  const { codec, name, width, height, hdr } = video.sample;
  const decoders = codec ? VIDEO_DECODERS[codec] : undefined;
  if (!codec || !decoders) throw refusedCodec('MP4', name);
  return {
    contentType: brand === 'qt  ' ? 'video/quicktime' : 'video/mp4',
    demuxer: 'mov',
    video: {
      ...{ index, codec, decoders, width, height, hdr },
      rotation: rotationOf(video.matrix),
      frameRate: video.frameRate,
      declaredEnd: video.end,
    },
    audio: audioOf(tracks),
    streams: tracks.length,
    declaredSeconds: secondsOf(clock) ?? video.seconds,
  };
}

function audioOf(tracks: readonly Track[]): AudioTrack | null {
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
  const boxes = await childrenOf(file, trak);
  const media = await within(file, boxes, 'mdia');
  const handler = await body(file, media, 'hdlr');
  const kind = handler?.toString('latin1', 8, 12) ?? '';
  const edits = await body(file, await within(file, boxes, 'edts'), 'elst');
  if (edits && edits.length >= 8 && edits.readUInt32BE(4) > EDITS) {
    throw new MediaError('TOO_COMPLEX', 'A track of this MP4 file is cut into too many pieces.');
  }
  const details = await within(file, media, 'minf');
  await refuseElsewhere(file, details);
  const table = await within(file, details, 'stbl');
  const description = await body(file, table, 'stsd');
  const clock = await body(file, media, 'mdhd');
  const placed = await body(file, boxes, 'tkhd');
  if (!['vide', 'soun'].includes(kind)) {
    return { kind, sample: null, seconds: null, end: null, matrix: [], frameRate: null };
  }
  if (!description) throw corrupt('This MP4 file has a track without a description.');
  const sample = kind === 'vide' ? readVideoEntry(description) : readAudioEntry(description);
  const frameRate = kind === 'vide' && clock ? await frameRateOf(file, table, clock) : null;
  const seconds = secondsOf(clock && clockOf(clock));
  const end = edits && timescale ? endOf(edits, timescale) : seconds;
  return { kind, sample, seconds, end, matrix: matrixOf(placed), frameRate };
}

/** A track may say that its samples are in another file, or at a URL. Ours never may. */
async function refuseElsewhere(file: BoundedFile, details: readonly Span[]): Promise<void> {
  const information = details.find(({ name }) => name === 'dinf');
  if (!information) return;
  const dref = findBox({ name: 'dinf', body: await loaded(file, information) }, 'dref');
  if (!dref) return;
  const entries = boxesIn({ ...dref, body: dref.body.subarray(8) });
  // Flag 1: the samples are in this very file.
  if (entries.every((entry) => ((entry.body[3] ?? 0) & 1) === 1)) return;
  throw new MediaError(
    'UNSUPPORTED_MEDIA',
    `This MP4 file keeps its pictures or its sound elsewhere; ${ACCEPTED}.`,
  );
}

async function within(file: BoundedFile, boxes: readonly Span[], name: string): Promise<Span[]> {
  const found = boxes.find((box) => box.name === name);
  return found ? childrenOf(file, found) : [];
}

async function body(file: BoundedFile, boxes: readonly Span[], name: string) {
  const found = boxes.find((box) => box.name === name);
  return found ? loaded(file, found) : null;
}

/** Where its edits end: they also say how long it waits before it begins. Of 0 they say nothing. */
function endOf(edits: Buffer, timescale: number): number | null {
  const wide = edits[0] === 1;
  const size = wide ? 20 : 12;
  let ticks = 0;
  for (let at = 8; at + size <= edits.length; at += size) {
    ticks += wide ? Number(edits.readBigUInt64BE(at)) : edits.readUInt32BE(at);
  }
  return ticks > 0 ? ticks / timescale : null;
}

function secondsOf(clock: Clock | null): number | null {
  return clock && clock.duration > 0 ? clock.duration / clock.timescale : null;
}

interface Clock {
  timescale: number;
  duration: number;
}

/** mvhd and mdhd alike: times, timescale, duration. A duration of 0 or of all ones is unknown. */
function clockOf(header: Buffer): Clock | null {
  const wide = header[0] === 1;
  if (header.length < (wide ? 32 : 20)) return null;
  const timescale = header.readUInt32BE(wide ? 20 : 12);
  const duration = wide ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  if (timescale === 0) return null;
  return { timescale, duration: duration >= (wide ? 2 ** 63 : 0xffff_ffff) ? 0 : duration };
}

/** The four numbers of a tkhd's matrix that turn. */
function matrixOf(header: Buffer | null): readonly number[] {
  const at = header?.[0] === 1 ? 52 : 40;
  if (!header || header.length < at + 20) return [];
  return [0, 4, 12, 16].map((offset) => header.readInt32BE(at + offset) / 65_536);
}

function rotationOf([a = 1, b = 0, c = 0, d = 1]: readonly number[]) {
  const degrees = (Math.atan2(b, a) * 180) / Math.PI;
  return a * d - b * c < 0 ? mirroredTurn(degrees) : quarterTurn(degrees);
}

/** On average, from the first entries of the table of times. */
async function frameRateOf(file: BoundedFile, table: readonly Span[], clock: Buffer) {
  const times = table.find(({ name }) => name === 'stts');
  const timescale = clockOf(clock)?.timescale;
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
