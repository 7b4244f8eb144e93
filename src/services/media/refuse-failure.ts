import type { FfmpegEnd } from '../../providers/ffmpeg.ts';
import { corrupt, MediaError } from './media-error.ts';

/**
 * What the end of a decoding says of the file, or of us.
 * @param what the file is, in words: `recording`
 * @throws MediaError where the file is at fault; Error where another try may do
 */
export function refuseFailure(end: FfmpegEnd, what: string): void {
  const { exitCode, killedBy, timedOut, log } = end;
  if (timedOut || killedBy === 'SIGXCPU') {
    throw new MediaError('TIMED_OUT', `Decoding this ${what} took too long.`);
  }
  if (exitCode === 0) return;
  // Ours, not the file's: worth another try, on another machine.
  if (killedBy === 'SIGKILL') throw new Error('ffmpeg was killed from outside');
  if (exitCode === 126 || exitCode === 127) {
    throw new Error('ffmpeg cannot be started', { cause: log });
  }
  if (/No space left on device/.test(log)) throw new Error('The disk is full', { cause: log });
  throw corrupt(`This ${what} cannot be decoded.`, { cause: log });
}
