/** What one video may be. */
export interface VideoLimits {
  bytes: number;
  seconds: number;
  /** Of a frame: 4K passes, 8K does not. */
  pixels: number;
  side: number;
  /** Frames a second, as they are found. */
  frameRate: number;
  streams: number;
  /** The decoder may take this long, whatever the file… */
  decodeBaseMs: number;
  /** …and this much more for every second of 1080p at 30 frames a second, by its pixels. */
  decodeMsPerSecond: number;
}

export const VIDEO_LIMITS: Readonly<VideoLimits> = {
  bytes: 50_000_000_000,
  seconds: 14_400,
  pixels: 8_900_000,
  side: 4096,
  frameRate: 120,
  streams: 16,
  decodeBaseMs: 20_000,
  decodeMsPerSecond: 3_000,
};

/** The content types found in accepted files. */
export type VideoContentType = 'video/mp4' | 'video/quicktime' | 'video/webm' | 'video/x-matroska';

/** The content types an upload may declare. */
export const VIDEO_CONTENT_TYPES: readonly string[] = [
  ...['video/mp4', 'video/quicktime', 'video/webm', 'video/x-matroska'],
];

/** How the accepted formats are named to people. */
export const ACCEPTED = 'videos are MP4, MOV, WebM and MKV';
/** How the accepted encodings are named to people. */
export const ACCEPTED_CODECS = 'videos are H.264, HEVC, VP8, VP9, AV1, MPEG-4, ProRes or MJPEG';
