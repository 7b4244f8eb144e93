import type { AudioContentType } from '../limits.ts';

/** What a file's own headers say, before any decoder is let near it. */
export interface Container {
  contentType: AudioContentType;
  /** ffmpeg's name of the demuxer that alone may read it. */
  demuxer: string;
  /** ffmpeg's names of the decoders that alone may open. */
  decoders: readonly string[];
  /** As shown to people: `mp3`, `pcm_s16le`, `flac`, `vorbis`, `opus`, `aac`, `alac`. */
  codec: string;
  lossless: boolean;
  sampleRate: number;
  channels: number;
  streams: number;
  /** null where no header says, or where what it says is known to be a placeholder. */
  declaredSeconds: number | null;
  /** Whether a decode much shorter than `declaredSeconds` means that something is missing. */
  declaredIsExact: boolean;
  /** Bytes of sound alone, without tags and pictures, where the container says so. */
  soundBytes: number | null;
  /** Bits a second, where the encoding fixes them. */
  fixedBitRate: number | null;
}
