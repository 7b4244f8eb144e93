/** The limits of one video. */
export interface VideoLimits {
  bytes: number;
  seconds: number;
  /** Pixels of a frame: 5K and 8K recordings pass. */
  pixels: number;
  side: number;
  /** Frames per second, declared or counted. */
  frameRate: number;
  streams: number;
  /** Time that decoding may take, in ms, whatever the length… */
  decodeBaseMs: number;
  /**
   * …plus this for each second of 1080p at 30 frames per second, scaled by the pixels per second.
   */
  decodeMsPerSecond: number;
}

export const VIDEO_LIMITS: Readonly<VideoLimits> = {
  bytes: 50_000_000_000,
  seconds: 14_400,
  pixels: 33_600_000,
  side: 8192,
  frameRate: 480,
  streams: 16,
  decodeBaseMs: 20_000,
  decodeMsPerSecond: 3_000,
};

/** The content types detected in accepted files. */
export type VideoContentType = 'video/mp4' | 'video/quicktime' | 'video/webm' | 'video/x-matroska';

/** The content types that an upload may declare. */
export const VIDEO_CONTENT_TYPES: readonly string[] = [
  ...['video/mp4', 'video/quicktime', 'video/webm', 'video/x-matroska'],
  ...['video/x-m4v', 'video/m4v', 'video/matroska', 'video/3gpp', 'video/3gpp2', 'application/mp4'],
  ...['video/mpeg4', 'video/x-quicktime', 'application/x-matroska'],
];

/** The accepted formats, as error messages name them. */
export const ACCEPTED = 'videos are MP4, MOV, WebM and MKV';
/** The accepted codecs, as error messages name them. */
export const ACCEPTED_CODECS = 'videos are H.264, HEVC, VP8, VP9, AV1, MPEG-4, ProRes or MJPEG';
