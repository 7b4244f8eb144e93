/** Why a file is not accepted. Stable: they are stored, and shown to the client. */
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
 * The file is at fault, and trying again will not help. Anything else that is thrown is ours, and
 * may be tried again.
 */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A MediaError of `CORRUPT_MEDIA`: it says what it is, and is not. */
export function corrupt(message: string, options?: ErrorOptions): MediaError {
  return new MediaError('CORRUPT_MEDIA', message, options);
}
