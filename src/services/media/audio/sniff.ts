import type { BoundedFile } from '../bounded-file.ts';
import { buildRefusal, type ExpectedFormats } from '../foreign-format.ts';
import { MediaError } from '../media-error.ts';
import { readAiff } from './containers/aiff.ts';
import { readAmr } from './containers/amr.ts';
import { readAu } from './containers/au.ts';
import { readCaf } from './containers/caf.ts';
import type { Container } from './containers/container.ts';
import { readFlac } from './containers/flac.ts';
import { readMp4 } from './containers/mp4.ts';
import { findEndOfId3, readMpegAudio } from './containers/mpeg-audio.ts';
import { readOgg } from './containers/ogg.ts';
import { readWav } from './containers/wav.ts';
import { readWebm } from './containers/webm.ts';
import { ACCEPTED, type AudioLimits } from './limits.ts';

/**
 * Detects the container from the bytes and checks its limits, before ffmpeg opens the file. The
 * file name and the declared content type are ignored.
 * @throws MediaError
 */
export async function sniffAudio(file: BoundedFile, limits: AudioLimits): Promise<Container> {
  if (file.size > limits.bytes) {
    throw new MediaError(
      'TOO_LARGE',
      `This file is larger than ${Math.floor(limits.bytes / 1e6)} MB.`,
    );
  }
  if (file.size === 0) throw new MediaError('CORRUPT_MEDIA', 'This file is empty.');
  const start = await findEndOfId3(file);
  const container =
    (await readWav(file, start)) ??
    (await readAiff(file, start)) ??
    (await readFlac(file, start)) ??
    (await readOgg(file, start)) ??
    (await readMp4(file, start)) ??
    (await readWebm(file, start)) ??
    (await readCaf(file, start)) ??
    (await readAmr(file, start)) ??
    (await readAu(file, start)) ??
    (await readUnlessForeign(file, start));
  refuseExcess(container, limits);
  return container;
}

const EXPECTED: ExpectedFormats = {
  accepted: ACCEPTED,
  contentTypes: [
    ...['audio/mpeg', 'audio/wav', 'audio/flac', 'audio/x-flac', 'audio/ogg', 'audio/aac'],
    'audio/aiff',
    ...['video/mp4', 'audio/x-m4a', 'audio/amr', 'audio/basic', 'audio/x-caf'],
  ],
  noun: 'sound',
};

/**
 * Reads MPEG audio, unless the file is recognised as something else. It comes last, because MPEG
 * audio has no magic number, only consecutive frames.
 */
async function readUnlessForeign(file: BoundedFile, start: number): Promise<Container> {
  const refusal = start === 0 ? await buildRefusal(file, EXPECTED) : null;
  if (refusal?.code === 'UNSUPPORTED_MEDIA') throw refusal;
  const container = await readMpegAudio(file, start);
  if (container) return container;
  throw (
    refusal ??
    new MediaError('CORRUPT_MEDIA', 'This file begins with a tag, but no sound follows it.')
  );
}

function refuseExcess(container: Container, limits: AudioLimits): void {
  const { declaredSeconds, streams, sampleRate, channels } = container;
  if (declaredSeconds !== null && declaredSeconds > limits.seconds) throw tooLong(limits);
  if (streams > limits.streams) throw tooComplex(`${streams} streams; at most ${limits.streams}`);
  if (sampleRate > limits.sampleRate)
    throw tooComplex(`${sampleRate} Hz; at most ${limits.sampleRate}`);
  if (channels > limits.channels)
    throw tooComplex(`${channels} channels; at most ${limits.channels}`);
}

/** The error for a recording that is too long, by its header or by decoding. */
export function tooLong(limits: AudioLimits): MediaError {
  const hours = Math.round((limits.seconds / 3600) * 100) / 100;
  return new MediaError('TOO_LONG', `This recording is longer than ${hours} hours.`);
}

function tooComplex(what: string): MediaError {
  return new MediaError('TOO_COMPLEX', `This recording has ${what} are accepted.`);
}
