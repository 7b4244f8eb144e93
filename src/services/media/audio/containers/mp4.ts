import type { BoundedFile } from '../../bounded-file.ts';
import { corrupt, MediaError } from '../../media-error.ts';
import { type Box, findBox, readBoxes, readTopLevel } from '../../mp4-boxes.ts';
import { readChannels, readSoundBoxes } from '../../mp4-sound.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';

interface Track {
  kind: string;
  format: string;
  seconds: number | null;
  sampleRate: number;
  channels: number;
}

const CODECS: Record<string, { codec: string; lossless: boolean } | undefined> = {
  mp4a: { codec: 'aac', lossless: false },
  alac: { codec: 'alac', lossless: true },
  fLaC: { codec: 'flac', lossless: true },
  Opus: { codec: 'opus', lossless: false },
};
/**
 * Formats of video tracks that are still pictures: cover art, and the chapter images of audio
 * books.
 */
const STILLS = ['jpeg', 'mjpa', 'mjpb', 'png ', 'mp4v-still'];

/** Reads MP4/M4A with sound and no video; null for another format. Source: ISO/IEC 14496-12. */
export async function readMp4(file: BoundedFile, start: number): Promise<Container | null> {
  const head = await file.read(start, 12);
  if (!['ftyp', 'moov', 'mdat', 'wide'].includes(head.toString('latin1', 4, 8))) return null;
  const { moov, soundBytes } = await readTopLevel(file, start);
  const tracks = readBoxes(moov, 'trak').map(readTrack);
  const sound = tracks.find((track) => track.kind === 'soun');
  if (!sound) throw new MediaError('NO_AUDIO', `There is no sound in this MP4 file; ${ACCEPTED}.`);
  if (tracks.some((track) => track.kind === 'vide' && !STILLS.includes(track.format))) {
    throw new MediaError('UNSUPPORTED_MEDIA', `This is an MP4 video; ${ACCEPTED}.`);
  }
  const found = CODECS[sound.format];
  if (!found) {
    const kind =
      sound.format === 'enca' ? 'sound protected against copying' : `sound as "${sound.format}"`;
    throw new MediaError('UNSUPPORTED_MEDIA', `This MP4 file holds ${kind}; ${ACCEPTED}.`);
  }
  return {
    contentType: 'audio/mp4',
    demuxer: 'mov',
    decoders: [found.codec],
    ...found,
    sampleRate: sound.sampleRate,
    channels: sound.channels,
    streams: tracks.length,
    declaredSeconds: sound.seconds ?? readMovieSeconds(moov),
    declaredIsExact: true,
    soundBytes,
    fixedBitRate: null,
  };
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
  return { kind, ...entry, seconds: readDuration(findBox(media, 'mdhd')) };
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

function readSampleEntry(stsd: Buffer): Pick<Track, 'format' | 'sampleRate' | 'channels'> | null {
  if (stsd.length < 16) return null;
  const format = stsd.toString('latin1', 12, 16);
  if (stsd.length < 44) return { format, sampleRate: 0, channels: 0 };
  const channels = readChannels(readSoundBoxes(stsd.subarray(16))) ?? stsd.readUInt16BE(32);
  const sampleRate = stsd.readUInt32BE(40) >>> 16;
  return { format, channels, sampleRate };
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
