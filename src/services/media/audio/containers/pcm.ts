import { buildWarning, type MediaWarning } from '../../warning.ts';
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
    mostSeconds: available / bytesPerSecond,
  };
}

/**
 * Reads the samples from an offset on without the demuxer of the container, which would not find all of
 * them there.
 */
export function readAsRaw(container: Container, at: number): Container {
  const { codec, sampleRate, channels, declaredSeconds } = container;
  if (!codec.startsWith('pcm_')) return container;
  return {
    ...container,
    demuxer: codec.slice('pcm_'.length),
    demuxerOptions: [
      ...['-sample_rate', String(sampleRate), '-ch_layout', `${channels}c`],
      ...['-skip_initial_bytes', String(at), '-t', String(declaredSeconds)],
    ],
  };
}

/** The warning where a header declares less sound than there is, all of which is read. */
export function warnOfUnderstatement(format: string): MediaWarning {
  return buildWarning(
    'LENGTH_MISMATCH',
    `The header of this ${format} file declares less sound than there is; all of it was read.`,
  );
}
