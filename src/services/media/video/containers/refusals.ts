import { MediaError } from '../../media-error.ts';
import { ACCEPTED, ACCEPTED_CODECS, type VideoLimits } from '../limits.ts';

/** The error for an accepted container without a video track. */
export function noVideo(container: string): MediaError {
  return new MediaError('NO_VIDEO', `There is no video in this ${container} file; ${ACCEPTED}.`);
}

/** The error for a video codec that is not accepted. */
export function unsupportedCodec(container: string, name: string): MediaError {
  const shown = name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 40);
  const what = ['encv', 'drmi'].includes(name)
    ? 'video protected against copying'
    : `video as "${shown}"`;
  return new MediaError(
    'UNSUPPORTED_MEDIA',
    `This ${container} file holds ${what}; ${ACCEPTED_CODECS}.`,
  );
}

export function refuseExcessStreams(streams: number, limits: VideoLimits): void {
  if (streams <= limits.streams) return;
  throw tooComplex(`${streams} streams; at most ${limits.streams}`);
}

export function tooComplex(what: string): MediaError {
  return new MediaError('TOO_COMPLEX', `This video has ${what} are accepted.`);
}

/** The error for a video that is too long, by its header or by its packets. */
export function tooLong(limits: VideoLimits): MediaError {
  const hours = Math.round((limits.seconds / 3600) * 100) / 100;
  return new MediaError('TOO_LONG', `This video is longer than ${hours} hours.`);
}
