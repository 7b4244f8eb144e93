import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { type Box, findBox, readBoxes, readTopLevel } from '../../mp4-boxes.ts';
import { readBoxesIfWhole, readChannels, readObjectType, readSoundBoxes } from '../../mp4-sound.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';

interface Track {
  kind: string;
  format: string;
  /** The object type of `mp4a` and `mp4v`. */
  object: number;
  /** How many samples it has; null when no table counts them. */
  samples: number | null;
  seconds: number | null;
  sampleRate: number;
  channels: number;
}

const CODECS: Record<string, { codec: string; lossless: boolean } | undefined> = {
  mp4a: { codec: 'aac', lossless: false },
  alac: { codec: 'alac', lossless: true },
  fLaC: { codec: 'flac', lossless: true },
  Opus: { codec: 'opus', lossless: false },
  ...{ '.mp3': { codec: 'mp3', lossless: false }, 'ms\0U': { codec: 'mp3', lossless: false } },
  ...{ 'ac-3': { codec: 'ac3', lossless: false }, 'ec-3': { codec: 'eac3', lossless: false } },
  ...{ samr: { codec: 'amr_nb', lossless: false }, sawb: { codec: 'amr_wb', lossless: false } },
  ...{ sowt: { codec: 'pcm_s16le', lossless: true }, twos: { codec: 'pcm_s16be', lossless: true } },
  ...{
    in24: { codec: 'pcm_s24', lossless: true },
    ima4: { codec: 'adpcm_ima_qt', lossless: false },
  },
  ...{
    alaw: { codec: 'pcm_alaw', lossless: false },
    ulaw: { codec: 'pcm_mulaw', lossless: false },
  },
};
/** Codecs of `mp4a` by object type, other than AAC. Source: mp4ra.org, object types. */
const OBJECT_TYPES: Record<number, string | undefined> = {
  ...{ 105: 'mp3', 107: 'mp3', 165: 'ac3', 166: 'eac3', 173: 'opus', 221: 'vorbis' },
};
/** Decoders by codec, where they have other names or there are several. */
const DECODERS: Record<string, readonly string[] | undefined> = {
  ...{ mp3: ['mp3float', 'mp3'], amr_nb: ['amrnb'], amr_wb: ['amrwb'], opus: ['opus', 'libopus'] },
  pcm_s16le: ['pcm_s16le', 'pcm_s8'],
  pcm_s24: ['pcm_s24be', 'pcm_s24le'],
};
/**
 * Formats of video tracks that are still pictures: cover art, and the chapter images of audio
 * books.
 */
const STILLS = ['jpeg', 'mjpa', 'mjpb', 'png '];
/** Decoders of a track with a single picture: a cover, as some programs write it. */
const COVER_DECODERS: Record<string, readonly string[] | undefined> = {
  ...{ jpeg: ['mjpeg'], mjpa: ['mjpeg'], 'png ': ['png'], avc1: ['h264'], hvc1: ['hevc'] },
};
/** Object types of `mp4v` that are pictures: JPEG and PNG. */
const COVER_OBJECTS: Record<number, readonly string[] | undefined> = {
  108: ['mjpeg'],
  109: ['png'],
};

/** Reads MP4/M4A with sound and no video; null for another format. Source: ISO/IEC 14496-12. */
export async function readMp4(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 12);
  if (!['ftyp', 'moov', 'mdat', 'wide'].includes(head.toString('latin1', 4, 8))) return null;
  const { moov, soundBytes } = await readTopLevel(file, start);
  const tracks = readBoxes(moov, 'trak').map(readTrack);
  const sound = tracks.find((track) => track.kind === 'soun');
  if (!sound) throw new MediaError('NO_AUDIO', `There is no sound in this MP4 file; ${ACCEPTED}.`);
  const pictures = tracks.filter(({ kind }) => kind === 'vide');
  if (pictures.some((track) => !isStill(track))) {
    throw new MediaError('UNSUPPORTED_MEDIA', `This is an MP4 video; ${ACCEPTED}.`);
  }
  const other = sound.format === 'mp4a' ? OBJECT_TYPES[sound.object] : undefined;
  const found = other ? { codec: other, lossless: false } : CODECS[sound.format];
  if (!found) {
    const kind =
      sound.format === 'enca' ? 'sound protected against copying' : `sound as "${sound.format}"`;
    throw new MediaError('UNSUPPORTED_MEDIA', `This MP4 file holds ${kind}; ${ACCEPTED}.`);
  }
  return {
    contentType: 'audio/mp4',
    demuxer: 'mov',
    decoders: DECODERS[found.codec] ?? [found.codec],
    ...found,
    sampleRate: sound.sampleRate,
    channels: sound.channels,
    streams: tracks.length,
    declaredSeconds: sound.seconds ?? readMovieSeconds(moov),
    declaredIsExact: true,
    soundBytes,
    fixedBitRate: null,
    coverTrack: findCoverTrack(pictures),
  };
}

function isStill(track: Track): boolean {
  return STILLS.includes(track.format) || (track.samples === 1 && getCoverDecoders(track) !== null);
}

function getCoverDecoders({ format, object }: Track): readonly string[] | null {
  return (format === 'mp4v' ? COVER_OBJECTS[object] : COVER_DECODERS[format]) ?? null;
}

function findCoverTrack(pictures: readonly Track[]): Container['coverTrack'] {
  const index = pictures.findIndex((track) => track.samples === 1);
  const decoders = pictures[index] && getCoverDecoders(pictures[index]);
  return decoders ? { index, decoders } : null;
}

function readTrack(trak: Box): Track {
  const media = findBox(trak, 'mdia');
  const kind = media && findBox(media, 'hdlr')?.body.toString('latin1', 8, 12);
  const details = media && findBox(media, 'minf');
  if (!media || !kind || !details)
    throw corrupt('This MP4 file has a track without a description.');
  refuseExternalSamples(details);
  const table = findBox(details, 'stbl');
  const description = table && findBox(table, 'stsd');
  const entry = description && readSampleEntry(description.body);
  if (!entry) throw corrupt('This MP4 file has a track without a description of its samples.');
  const samples = table && findBox(table, 'stsz')?.body;
  return {
    ...{ kind, ...entry, seconds: readDuration(findBox(media, 'mdhd')) },
    samples: samples && samples.length >= 12 ? samples.readUInt32BE(8) : null,
  };
}

/**
 * Refuses a track whose samples are declared to be in another file or at a URL, which a demuxer
 * could open.
 */
function refuseExternalSamples(details: Box): void {
  const information = findBox(details, 'dinf');
  const references = information && findBox(information, 'dref');
  if (!references) return;
  const entries = readBoxes({ ...references, body: references.body.subarray(8) });
  // Flag 1: the samples are in this file.
  if (entries.every((entry) => ((entry.body[3] ?? 0) & 1) === 1)) return;
  throw new MediaError(
    'UNSUPPORTED_MEDIA',
    `The sound of this MP4 file is stored in another file; ${ACCEPTED}.`,
  );
}

/** Bytes of fixed fields in a video sample entry, before its boxes. */
const VIDEO_FIXED_BYTES = 78;

function readSampleEntry(stsd: Buffer): Omit<Track, 'kind' | 'seconds' | 'samples'> | null {
  if (stsd.length < 16) return null;
  const format = stsd.toString('latin1', 12, 16);
  if (stsd.length < 44) return { format, object: 0, sampleRate: 0, channels: 0 };
  if (format === 'mp4v') {
    const boxes = readBoxesIfWhole(stsd.subarray(16 + VIDEO_FIXED_BYTES));
    return { format, object: readObjectType(boxes), sampleRate: 0, channels: 0 };
  }
  const boxes = readSoundBoxes(stsd.subarray(16));
  const channels = readChannels(boxes) ?? stsd.readUInt16BE(32);
  const sampleRate = stsd.readUInt32BE(40) >>> 16;
  return { format, object: readObjectType(boxes), channels, sampleRate };
}

function readMovieSeconds(moov: Box): number | null {
  return readDuration(findBox(moov, 'mvhd'));
}

/**
 * Reads the duration in seconds of an mvhd or mdhd box. A duration of 0 or of all ones means
 * unknown.
 */
function readDuration(header: Box | undefined): number | null {
  const body = header?.body;
  if (!body || body.length < 32) return null;
  const wide = body[0] === 1;
  const timescale = body.readUInt32BE(wide ? 20 : 12);
  const duration = wide ? Number(body.readBigUInt64BE(24)) : body.readUInt32BE(16);
  const unknown = duration === 0 || duration >= (wide ? 2 ** 63 : 0xffff_ffff);
  return unknown || timescale === 0 ? null : duration / timescale;
}
