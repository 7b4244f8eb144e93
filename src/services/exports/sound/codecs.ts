import type { SoundEncoding } from '../plan.ts';

/** How ffmpeg writes an encoding. */
export interface CodecOutput {
  extension: string;
  contentType: string;
  muxer: string;
  /** Reads the file back. */
  demuxer: string;
  options: string[];
  /** How a cover is put into the file. */
  cover: 'ATTACHED' | 'TAG' | 'CHUNK';
}

/** Describes how ffmpeg writes an encoding. */
export function describeCodec(encoding: SoundEncoding): CodecOutput {
  return makers[encoding.codec](encoding);
}

const makers: Record<SoundEncoding['codec'], (encoding: SoundEncoding) => CodecOutput> = {
  MP3: ({ bitRate }) => ({
    ...{ extension: 'mp3', contentType: 'audio/mpeg', muxer: 'mp3', demuxer: 'mp3' },
    options: [
      ...['-c:a', 'libmp3lame', ...(bitRate === null ? ['-q:a', '0'] : ['-b:a', `${bitRate}k`])],
      ...['-id3v2_version', '3', '-write_id3v1', '1'],
    ],
    cover: 'ATTACHED',
  }),
  WAV: ({ bitDepth }) => ({
    ...{ extension: 'wav', contentType: 'audio/wav', muxer: 'wav', demuxer: 'wav' },
    // RF64 only where the file exceeds 4 GB.
    options: ['-c:a', WAV_CODECS[bitDepth], '-rf64', 'auto'],
    cover: 'CHUNK',
  }),
  FLAC: ({ bitDepth }) => ({
    ...{ extension: 'flac', contentType: 'audio/flac', muxer: 'flac', demuxer: 'flac' },
    options: [
      ...['-c:a', 'flac', '-compression_level', '8'],
      ...(bitDepth === 16
        ? ['-sample_fmt', 's16']
        : ['-sample_fmt', 's32', '-bits_per_raw_sample', '24']),
    ],
    cover: 'ATTACHED',
  }),
  AAC: ({ bitRate }) => ({
    ...{ extension: 'm4a', contentType: 'audio/mp4', muxer: 'ipod', demuxer: 'mov' },
    options: ['-c:a', 'aac', '-b:a', `${bitRate ?? 256}k`, '-movflags', '+faststart'],
    cover: 'ATTACHED',
  }),
  OPUS: ({ bitRate }) => ({
    ...{ extension: 'opus', contentType: 'audio/ogg', muxer: 'opus', demuxer: 'ogg' },
    options: ['-c:a', 'libopus', '-b:a', `${bitRate ?? 160}k`, '-vbr', 'on'],
    cover: 'TAG',
  }),
};

const WAV_CODECS = { 16: 'pcm_s16le', 24: 'pcm_s24le', FLOAT: 'pcm_f32le' };
