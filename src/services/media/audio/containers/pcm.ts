import type { Container } from './container.ts';

/** What the header of a file of uncompressed samples declares. */
type PcmHeader = Pick<
  Container,
  'contentType' | 'demuxer' | 'codec' | 'sampleRate' | 'channels' | 'declaredIsExact'
> & {
  bytesPerSecond: number;
  /** Bytes of sound, as declared. */
  bytes: number;
  /** Bytes that the file has after the header. */
  available: number;
};

/** Builds the container of samples of a fixed size: length and bit rate follow from their size. */
export function buildPcmContainer({
  bytesPerSecond,
  bytes,
  available,
  ...pcm
}: PcmHeader): Container {
  const { codec } = pcm;
  return {
    ...pcm,
    decoders: [codec],
    lossless: codec.startsWith('pcm_') && codec !== 'pcm_alaw' && codec !== 'pcm_mulaw',
    streams: 1,
    declaredSeconds: bytes / bytesPerSecond,
    soundBytes: Math.min(bytes, available),
    fixedBitRate: bytesPerSecond * 8,
  };
}
