/** What one track may be. */
export interface AudioLimits {
  bytes: number;
  seconds: number;
  streams: number;
  sampleRate: number;
  channels: number;
  /** The decoder may take this long, whatever the file… */
  decodeBaseMs: number;
  /**
   * …and this much more for every second of sound: a quarter of real time, some ten times what it
   * needs.
   */
  decodeMsPerSecond: number;
}

export const AUDIO_LIMITS: Readonly<AudioLimits> = {
  bytes: 1_000_000_000,
  seconds: 14_400,
  streams: 8,
  sampleRate: 192_000,
  channels: 8,
  decodeBaseMs: 60_000,
  decodeMsPerSecond: 250,
};

/** The content types found in accepted files. */
export type AudioContentType =
  | 'audio/mpeg'
  | 'audio/wav'
  | 'audio/flac'
  | 'audio/ogg'
  | 'audio/aiff'
  | 'audio/mp4'
  | 'audio/aac';

/** The content types an upload may declare: those, and what browsers and systems call them. */
export const AUDIO_CONTENT_TYPES: readonly string[] = [
  ...['audio/mpeg', 'audio/mp3', 'audio/x-mp3', 'audio/mpeg3', 'audio/x-mpeg'],
  ...['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/x-pn-wav'],
  ...['audio/flac', 'audio/x-flac'],
  ...['audio/aiff', 'audio/x-aiff'],
  ...['audio/ogg', 'audio/opus', 'audio/vorbis', 'application/ogg', 'audio/x-ogg'],
  ...['audio/mp4', 'audio/m4a', 'audio/x-m4a', 'audio/aac', 'audio/aacp', 'audio/x-aac'],
];

/** How the accepted formats are named to people. */
export const ACCEPTED = 'tracks are MP3, WAV, AIFF, FLAC, OGG Vorbis, Opus, M4A/AAC';
