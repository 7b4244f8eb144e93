/** Why a file is refused. Stable, because these codes are stored and clients read them. */
export type MediaErrorCode =
  | 'UNSUPPORTED_MEDIA'
  | 'CORRUPT_MEDIA'
  | 'TOO_LONG'
  | 'TOO_LARGE'
  | 'TOO_COMPLEX'
  | 'NO_AUDIO'
  | 'NO_VIDEO'
  | 'TIMED_OUT';

/**
 * The file is at fault, so the job is not retried. Any other error is our fault and may be retried.
 */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A MediaError of `CORRUPT_MEDIA`: the file has a known format, but is broken. */
export function corrupt(message: string, options?: ErrorOptions): MediaError {
  return new MediaError('CORRUPT_MEDIA', message, options);
}
