import type { BoundedFile } from '../../bounded-file.ts';
import { MediaError } from '../../media-error.ts';
import { openMatroska, readMatroskaSound } from '../../video/containers/matroska.ts';
import { VIDEO_LIMITS } from '../../video/limits.ts';
import { ACCEPTED } from '../limits.ts';
import type { Container } from './container.ts';

const LOSSLESS = ['flac', 'alac', 'pcm'];

/** Reads WebM and Matroska with sound and no video; null for another format. */
export async function readWebm(file: BoundedFile, start: number): Promise<Container | null> {
  if (start > 0) return null;
  const opened = await openMatroska(file, VIDEO_LIMITS);
  if (!opened) return null;
  const { isWebm, videos, streams, declaredSeconds } = opened;
  const name = isWebm ? 'WebM' : 'Matroska';
  if (videos > 0)
    throw new MediaError('UNSUPPORTED_MEDIA', `This is a ${name} video; ${ACCEPTED}.`);
  const sound = readMatroskaSound(opened);
  if (!sound) throw new MediaError('NO_AUDIO', `There is no sound in this ${name} file.`);
  const { codec, decoders, sampleRate, channels } = sound;
  if (decoders.length === 0) {
    throw new MediaError('UNSUPPORTED_MEDIA', `This ${name} file holds "${codec}"; ${ACCEPTED}.`);
  }
  return {
    contentType: isWebm ? 'audio/webm' : 'audio/x-matroska',
    demuxer: 'matroska',
    ...{ decoders, codec, sampleRate, channels, streams, declaredSeconds },
    lossless: LOSSLESS.includes(codec),
    // Browsers write it as they record, without a length, or with that of an earlier state.
    declaredIsExact: declaredSeconds !== null,
    mayBeStale: true,
    soundBytes: null,
    fixedBitRate: null,
  };
}
