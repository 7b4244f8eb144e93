import { type Loudness, readLoudness } from '../audio/analysis/loudness.ts';
import { makeWaveformMeter } from '../audio/analysis/waveform.ts';
import { buildDownmixFilter } from '../audio/downmix.ts';
import { groupBytes, makeWavReader, type PcmFormat, toInt16 } from '../audio/pcm-stream.ts';
import type { AudioTrack } from './containers/container.ts';

/** The sample rates of the preview that every AAC decoder plays. */
const RATES = [48_000, 44_100, 32_000, 24_000, 22_050, 16_000];

/**
 * Encoder options of the sound. Gaps are filled with silence, so that it stays in sync with the
 * pictures.
 */
export const buildAacOutput = (channels: number): string[] => [
  ...[
    '-af',
    `aresample=async=1:first_pts=0,${buildDownmixFilter(channels)}:sample_rates=${RATES.join('|')}`,
  ],
  ...['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k'],
];

/**
 * Outputs for loudness, which ffmpeg logs at the end, and for the waveform: samples through a pipe.
 */
export function buildSoundOutputs(
  { index, channels }: Pick<AudioTrack, 'index' | 'channels'>,
  pipe: string,
): string[] {
  const downmix = buildDownmixFilter(channels);
  const of = ['-map', `0:a:${index}`, '-bitexact', '-map_metadata', '-1', '-map_chapters', '-1'];
  return [
    ...[...of, '-af', `${downmix},ebur128=peak=true:framelog=quiet`, '-f', 'null', '-'],
    ...[...of, '-af', downmix, '-c:a', 'pcm_s16le', '-f', 'wav', pipe],
  ];
}

/** Measurements of a video's sound. */
export interface MeasuredSound {
  seconds: number;
  format: PcmFormat;
  loudness: Loudness;
  /** audiowaveform's JSON, version 2. */
  waveform: string;
}

/** Makes a meter for the output of `buildSoundOutputs`. */
export function makeSoundMeter(onSeconds: (seconds: number) => void = () => {}) {
  let format: PcmFormat | null = null;
  let waveform: ReturnType<typeof makeWaveformMeter> | null = null;
  return {
    add: makeWavReader((found) => {
      format = found;
      const meter = makeWaveformMeter(found.sampleRate, found.channels);
      waveform = meter;
      return groupBytes(2 * found.channels, (chunk) => {
        meter.add(toInt16(chunk));
        onSeconds(meter.frames / found.sampleRate);
      });
    }),
    /** null if there was no sound. */
    finish(log: string): MeasuredSound | null {
      if (!format || !waveform || waveform.frames === 0) return null;
      const seconds = waveform.frames / format.sampleRate;
      return { seconds, format, loudness: readLoudness(log, seconds), waveform: waveform.toJson() };
    },
  };
}
