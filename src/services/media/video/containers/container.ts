import type { VideoContentType } from '../limits.ts';

/** What a file's own headers say, before any decoder is let near it. */
export interface Container {
  contentType: VideoContentType;
  /** ffmpeg's name of the demuxer that alone may read it. */
  demuxer: 'mov' | 'matroska';
  video: VideoTrack;
  /** null where there is none. */
  audio: AudioTrack | null;
  streams: number;
  /** null where no header says. */
  declaredSeconds: number | null;
}

/** The first moving picture. */
export interface VideoTrack {
  /** Which of the tracks of its kind it is, from 0. */
  index: number;
  codec: string;
  /** ffmpeg's names of the decoders that alone may open. */
  decoders: readonly string[];
  /** As it is coded, before any rotation. */
  width: number;
  height: number;
  /** In degrees, clockwise: how it has to be turned to be shown. */
  rotation: 0 | 90 | 180 | 270;
  /** Frames a second on average; null where no header says. */
  frameRate: number | null;
  hdr: Hdr;
  /** When its last picture ends, in seconds of the whole; null where no header says. */
  declaredEnd: number | null;
}

/** The curve of a high dynamic range; null for an ordinary one. */
export type Hdr = 'PQ' | 'HLG' | null;

/** The first sound. */
export interface AudioTrack {
  index: number;
  codec: string;
  /** Empty: this encoding is none of ours, and the video is silent. */
  decoders: readonly string[];
  sampleRate: number;
  channels: number;
  /** As of the pictures. */
  declaredEnd: number | null;
}

/** The curve by its number. Source: ITU-T H.273, table 3. */
export function hdrOf(transfer: number): Hdr {
  return transfer === 16 ? 'PQ' : transfer === 18 ? 'HLG' : null;
}

/** The nearest quarter turn, clockwise. */
export function quarterTurn(degrees: number): VideoTrack['rotation'] {
  const turns = ((Math.round(degrees / 90) % 4) + 4) % 4;
  return (turns * 90) as VideoTrack['rotation'];
}

/** The same of one that is mirrored: what mirrors left and right alone seems to turn about, and does not. */
export function mirroredTurn(degrees: number): VideoTrack['rotation'] {
  const turn = quarterTurn(degrees);
  return turn === 180 ? 0 : turn;
}

/** Decoders of each encoding of pictures, in ffmpeg's names. */
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

/** Decoders of each encoding of sound, in ffmpeg's names. */
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
