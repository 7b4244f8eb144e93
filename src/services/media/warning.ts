/**
 * What was odd about a file but could be overcome. Stable, because these codes are stored and clients
 * read them; `docs/media-warnings.md` lists them for clients.
 */
export type MediaWarningCode =
  | 'CUT_OFF'
  | 'LENGTH_MISMATCH'
  | 'REPAIRED_STREAM'
  | 'PARTLY_DECODED'
  | 'TAGS_UNREADABLE'
  | 'TEXT_ENCODING_GUESSED'
  | 'TEXT_ENCODING_UNKNOWN'
  | 'COVER_OMITTED'
  | 'SOUND_UNSUPPORTED'
  | 'SOUND_CORRUPT'
  | 'PICTURE_SIZE_CHANGES'
  | 'BLANK_FRAMES_SKIPPED'
  | 'DERIVATIVE_OMITTED';

/** A warning in a medium's document. */
export interface MediaWarning {
  code: MediaWarningCode;
  /** For people; it may change. */
  message: string;
}

export function buildWarning(code: MediaWarningCode, message: string): MediaWarning {
  return { code, message };
}
