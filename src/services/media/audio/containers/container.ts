import type { MediaWarning } from '../../warning.ts';
import type { AudioContentType } from '../limits.ts';

/** What the headers of a file declare, read before any decoder opens it. */
export interface Container {
  contentType: AudioContentType;
  /** The only demuxer that may read it, by ffmpeg's name. */
  demuxer: string;
  /** The only decoders that may open it, by ffmpeg's names. */
  decoders: readonly string[];
  /** As shown to people: `mp3`, `pcm_s16le`, `flac`, `vorbis`, `opus`, `aac`, `alac`. */
  codec: string;
  lossless: boolean;
  sampleRate: number;
  channels: number;
  streams: number;
  /** null when no header declares it, or when the value is known to be a placeholder. */
  declaredSeconds: number | null;
  /** Whether a decoded length far below `declaredSeconds` means that the file was cut off. */
  declaredIsExact: boolean;
  /**
   * Programs that cut such a file often leave the old length in its header, so a short one is only
   * warned of, never refused.
   */
  mayBeStale?: boolean;
  /** Bytes of sound, without tags and pictures; null when the container does not tell. */
  soundBytes: number | null;
  /** Bits per second, when the encoding has a constant bit rate. */
  fixedBitRate: number | null;
  /**
   * How long the sound can be, by all bytes that follow the header; of uncompressed samples, which cannot
   * last longer.
   */
  mostSeconds?: number;
  /** Options of the demuxer, such as where raw samples begin. */
  demuxerOptions?: readonly string[];
  /** Oddities of the header that were overcome. */
  warnings?: readonly MediaWarning[];
  /** A video track that is a cover: its index among the video tracks, and its decoder. */
  coverTrack?: { index: number; decoders: readonly string[] } | null;
  /** Ogg whose Vorbis headers are repeated among the sound, which the demuxer refuses. */
  repeatsHeaders?: boolean;
}
