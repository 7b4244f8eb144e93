import type { FfmpegEnd } from '../../providers/ffmpeg-process.ts';
import { corrupt, MediaError } from './media-error.ts';

/**
 * Throws if a run of ffmpeg failed.
 * @param what noun for the file in error messages: `recording`
 * @throws MediaError when the file is at fault; Error when the job may be retried
 */
export function refuseFailure(end: FfmpegEnd, what: string): void {
  const { exitCode, killedBy, timedOut, log } = end;
  if (timedOut || killedBy === 'SIGXCPU') {
    throw new MediaError('TIMED_OUT', `Decoding this ${what} took too long.`);
  }
  if (exitCode === 0) return;
  // Our fault, not the file's: the job is retried, perhaps on another machine.
  if (killedBy === 'SIGKILL') throw new Error('ffmpeg was killed from outside');
  if (exitCode === 126 || exitCode === 127) {
    throw new Error('ffmpeg cannot be started', { cause: log });
  }
  if (/No space left on device/.test(log)) throw new Error('The disk is full', { cause: log });
  throw corrupt(`This ${what} cannot be decoded.`, { cause: log });
}
