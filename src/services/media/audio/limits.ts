/** The limits of one audio file. */
export interface AudioLimits {
  bytes: number;
  seconds: number;
  streams: number;
  sampleRate: number;
  channels: number;
  /** Time that decoding may take, in ms, whatever the length… */
  decodeBaseMs: number;
  /** …plus this for each second of sound: a quarter of real time, about ten times what it needs. */
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

/** The content types detected in accepted files. */
export type AudioContentType =
  | 'audio/mpeg'
  | 'audio/wav'
  | 'audio/flac'
  | 'audio/ogg'
  | 'audio/aiff'
  | 'audio/mp4'
  | 'audio/aac'
  | 'audio/webm'
  | 'audio/x-matroska'
  | 'audio/x-caf'
  | 'audio/amr'
  | 'audio/amr-wb'
  | 'audio/basic';

/**
 * The content types that an upload may declare: those, and the aliases that browsers and systems
 * use.
 */
export const AUDIO_CONTENT_TYPES: readonly string[] = [
  ...['audio/mpeg', 'audio/mp3', 'audio/x-mp3', 'audio/mpeg3', 'audio/x-mpeg'],
  ...['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/x-pn-wav'],
  ...['audio/flac', 'audio/x-flac'],
  ...['audio/aiff', 'audio/x-aiff'],
  ...['audio/ogg', 'audio/opus', 'audio/vorbis', 'application/ogg', 'audio/x-ogg'],
  ...['audio/mp4', 'audio/m4a', 'audio/x-m4a', 'audio/aac', 'audio/aacp', 'audio/x-aac'],
  ...['audio/mpeg4', 'audio/mp4a-latm', 'audio/x-m4b', 'audio/alac', 'audio/3gpp', 'audio/3gpp2'],
  // What MediaRecorder of a browser makes; some systems call any WebM a video.
  ...['audio/webm', 'video/webm', 'audio/matroska', 'audio/x-matroska'],
  ...['audio/x-caf', 'audio/caf', 'audio/amr', 'audio/amr-wb', 'audio/x-amr'],
  ...['audio/basic', 'audio/au', 'audio/x-au', 'audio/x-aifc', 'audio/aifc'],
];

/** The accepted formats, as error messages name them. */
export const ACCEPTED =
  'tracks are MP3, WAV, AIFF, FLAC, OGG Vorbis, Opus, M4A/AAC, WebM, CAF, AMR and AU';
