import type { Container } from './container.ts';

/** What a file of plain samples says of them. */
type Pcm = Pick<
  Container,
  'contentType' | 'demuxer' | 'codec' | 'sampleRate' | 'channels' | 'declaredIsExact'
> & {
  bytesPerSecond: number;
  /** Of sound, as claimed. */
  bytes: number;
  /** What is there of them at most. */
  available: number;
};

/** The container of samples that follow each other, each of the same size: all else follows from that. */
export function pcmContainer({ bytesPerSecond, bytes, available, ...pcm }: Pcm): Container {
  const { codec } = pcm;
  return {
    ...pcm,
    decoders: [codec],
    lossless: codec !== 'pcm_alaw' && codec !== 'pcm_mulaw',
    streams: 1,
    declaredSeconds: bytes / bytesPerSecond,
    soundBytes: Math.min(bytes, available),
    fixedBitRate: bytesPerSecond * 8,
  };
}
