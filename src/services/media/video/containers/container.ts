import type { VideoContentType } from '../limits.ts';

/** What the headers of a file declare, read before any decoder opens it. */
export interface Container {
  contentType: VideoContentType;
  /** The only demuxer that may read it, by ffmpeg's name. */
  demuxer: 'mov' | 'matroska';
  video: VideoTrack;
  /** null without sound. */
  audio: AudioTrack | null;
  streams: number;
  /** null when no header declares it. */
  declaredSeconds: number | null;
}

/** The first video track. */
export interface VideoTrack {
  /** Its index among the video tracks, from 0. */
  index: number;
  codec: string;
  /** The only decoders that may open it, by ffmpeg's names. */
  decoders: readonly string[];
  /** In pixels, as coded: before the rotation is applied. */
  width: number;
  height: number;
  /** In degrees clockwise: how frames are rotated for display. */
  rotation: 0 | 90 | 180 | 270;
  /** Average frames per second; null when no header declares it. */
  frameRate: number | null;
  hdr: Hdr;
  /**
   * Matrix and range as numbers of H.273, of a codec whose stream cannot tell them (VP8): there the
   * container is believed.
   */
  declaredColor?: { matrix: number | null; isFullRange: boolean | null };
  /**
   * When the last frame ends, in seconds from the start of the file; null when no header declares
   * it.
   */
  declaredEnd: number | null;
}

/** The transfer function of high dynamic range video; null for standard dynamic range. */
export type Hdr = 'PQ' | 'HLG' | null;

/** The first audio track. */
export interface AudioTrack {
  index: number;
  codec: string;
  /** Empty for an unsupported codec: the preview is silent then. */
  decoders: readonly string[];
  sampleRate: number;
  channels: number;
  /** The same as of the video track. */
  declaredEnd: number | null;
}

/** Maps a transfer characteristics number. Source: ITU-T H.273, table 3. */
export function toHdr(transfer: number): Hdr {
  return transfer === 16 ? 'PQ' : transfer === 18 ? 'HLG' : null;
}

/** Rounds to the nearest quarter turn, clockwise. */
export function roundToQuarterTurn(degrees: number): VideoTrack['rotation'] {
  const turns = ((Math.round(degrees / 90) % 4) + 4) % 4;
  return (turns * 90) as VideoTrack['rotation'];
}

/**
 * The same for a mirrored picture: a horizontal flip alone looks like half a turn in its matrix,
 * but is none.
 */
export function roundMirroredTurn(degrees: number): VideoTrack['rotation'] {
  const turn = roundToQuarterTurn(degrees);
  return turn === 180 ? 0 : turn;
}

/** The decoders of each video codec, by ffmpeg's names. */
export const VIDEO_DECODERS: Record<string, readonly string[] | undefined> = {
  h264: ['h264'],
  hevc: ['hevc'],
  vp8: ['vp8'],
  vp9: ['vp9'],
  av1: ['libdav1d'],
  mpeg4: ['mpeg4'],
  prores: ['prores'],
  mjpeg: ['mjpeg'],
};

/** The decoders of each audio codec, by ffmpeg's names. */
export const AUDIO_DECODERS: Record<string, readonly string[] | undefined> = {
  aac: ['aac'],
  mp3: ['mp3float', 'mp3'],
  opus: ['opus', 'libopus'],
  vorbis: ['vorbis'],
  flac: ['flac'],
  alac: ['alac'],
  ac3: ['ac3'],
  pcm: [
    ...['pcm_u8', 'pcm_s8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be'],
    ...['pcm_s32le', 'pcm_s32be', 'pcm_f32le', 'pcm_f32be', 'pcm_f64le', 'pcm_f64be'],
  ],
};
