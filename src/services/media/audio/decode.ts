import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt, MediaError } from '../media-error.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { buildWarning, type MediaWarning } from '../warning.ts';
import { makeKeyMeter } from './analysis/key.ts';
import { makeLevelMeter } from './analysis/levels.ts';
import { readLoudness } from './analysis/loudness.ts';
import { makeTempoMeter } from './analysis/tempo.ts';
import { makeWaveformMeter } from './analysis/waveform.ts';
import type { Container } from './containers/container.ts';
import { buildDownmixFilter } from './downmix.ts';
import type { AudioLimits } from './limits.ts';
import { groupBytes, makeWavReader, type PcmFormat, toFloat32, toInt16 } from './pcm-stream.ts';
import { tooLong } from './sniff.ts';

export interface DecodeInput {
  path: string;
  bytes: number;
  container: Container;
  previewPath: string;
  cwd: string;
  ffmpeg: string;
  signal: AbortSignal;
  limits: AudioLimits;
  onSeconds(decoded: number): void;
}

const ANALYSIS_RATE = 22_050;
/** The sample rates of the preview that every AAC decoder plays. */
const PREVIEW_RATES = [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

/**
 * Decodes the file in one pass of ffmpeg with four outputs: loudness and preview inside ffmpeg,
 * samples for waveform and levels, and mono samples for tempo and key through pipes. Samples are
 * analysed as they arrive and not stored, so memory does not grow with the length.
 * @throws MediaError
 */
export async function decodeAudio(input: DecodeInput) {
  const { container, limits, signal, cwd, ffmpeg: binary, path } = input;
  const tempo = makeTempoMeter(ANALYSIS_RATE);
  const key = makeKeyMeter(ANALYSIS_RATE);
  let format: PcmFormat | null = null;
  let waveform: ReturnType<typeof makeWaveformMeter> | null = null;
  let levels: ReturnType<typeof makeLevelMeter> | null = null;

  const onSamples = makeWavReader((found) => {
    format = found;
    const meter = makeWaveformMeter(found.sampleRate, found.channels);
    const level = makeLevelMeter(found.sampleRate, found.channels);
    waveform = meter;
    levels = level;
    return groupBytes(2 * found.channels, (chunk) => {
      const samples = toInt16(chunk);
      meter.add(samples);
      level.add(samples);
      const seconds = meter.frames / found.sampleRate;
      if (seconds > limits.seconds) throw tooLong(limits);
      input.onSeconds(seconds);
    });
  });
  const onMono = groupBytes(4, (chunk) => {
    const samples = toFloat32(chunk);
    tempo.add(samples);
    key.add(samples);
  });

  const end = await runFfmpeg({
    binary,
    input: {
      path,
      demuxer: container.demuxer,
      decoders: container.decoders,
      ...(container.demuxerOptions && { demuxerOptions: container.demuxerOptions }),
      maxStreams: limits.streams,
      maxSeconds: limits.seconds + 1,
    },
    outputs: buildOutputs(input.previewPath, buildDownmixFilter(container.channels)),
    sinks: [onSamples, onMono],
    cwd,
    signal,
    deadlineMs: computeDeadline(input),
  });
  refuseFailure(end, 'recording');
  const heard = requireSound(format, waveform, levels);
  const warnings = [...checkLength(heard.seconds, container), ...checkDemuxing(end.log)];
  return {
    ...heard,
    ...tempo.finish(),
    ...key.finish(),
    loudness: readLoudness(end.log, heard.seconds),
    ffmpegVersion: end.version,
    warnings,
  };
}

function buildOutputs(previewPath: string, downmix: string): string[] {
  const mapSound = (...rest: string[]) => [
    '-map',
    '0:a:0',
    '-vn',
    '-sn',
    '-dn',
    '-bitexact',
    ...rest,
  ];
  const noMetadata = ['-map_metadata', '-1', '-map_chapters', '-1'];
  const previewFilter = `${downmix}:sample_rates=${PREVIEW_RATES.join('|')}`;
  // The fast coder takes half the time of the default one, with no audible difference at this rate.
  const aac = ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k', '-movflags', '+faststart'];
  return [
    ...mapSound('-af', `${downmix},ebur128=peak=true:framelog=quiet`, '-f', 'null', '-'),
    ...mapSound(...noMetadata, '-af', previewFilter, ...aac, '-f', 'ipod', `file:${previewPath}`),
    ...mapSound(...noMetadata, '-af', downmix, '-c:a', 'pcm_s16le', '-f', 'wav', 'pipe:1'),
    ...mapSound(
      ...noMetadata,
      '-af',
      downmix,
      '-ac',
      '1',
      '-ar',
      String(ANALYSIS_RATE),
      '-c:a',
      'pcm_f32le',
      '-f',
      'f32le',
      'pipe:3',
    ),
  ];
}

/** From the declared length, or the length of that many bytes at 320 kbit/s if that is longer. */
function computeDeadline({ container, bytes, limits }: DecodeInput): number {
  const seconds = Math.max(container.declaredSeconds ?? 0, bytes / 40_000);
  return limits.decodeBaseMs + Math.min(seconds, limits.seconds) * limits.decodeMsPerSecond;
}

function requireSound(
  format: PcmFormat | null,
  waveform: ReturnType<typeof makeWaveformMeter> | null,
  levels: ReturnType<typeof makeLevelMeter> | null,
) {
  if (!format || !waveform || !levels || waveform.frames === 0)
    throw corrupt('There is no sound in this recording.');
  return { format, waveform, ...levels.finish(), seconds: waveform.frames / format.sampleRate };
}

/**
 * Compares the decoded length with the declared one. A file that was cut off still plays, so it is
 * accepted with a warning; with less than a quarter of its length it is refused as a failed upload.
 */
function checkLength(seconds: number, container: Container): MediaWarning[] {
  const { declaredSeconds, declaredIsExact, mayBeStale } = container;
  if (declaredSeconds === null || !declaredIsExact) return [];
  if (isLonger(seconds, declaredSeconds)) {
    return noticeExcess(seconds, declaredSeconds, container);
  }
  if (seconds >= declaredSeconds - 1) return [];
  const found = `${seconds.toFixed(1)} of ${declaredSeconds.toFixed(1)} seconds`;
  if (mayBeStale) {
    if (seconds > declaredSeconds * 0.98) return [];
    const message = `The header of this recording declares another length: it has ${found}.`;
    return [buildWarning('LENGTH_MISMATCH', message)];
  }
  if (seconds < declaredSeconds / 4) throw corrupt(`This recording is cut off: it has ${found}.`);
  if (seconds > declaredSeconds * 0.98) return [];
  return [buildWarning('CUT_OFF', `This recording is cut off: it has ${found}.`)];
}

/** Whether one length exceeds another by more than rounding. */
const isLonger = (seconds: number, than: number): boolean =>
  seconds > than + Math.max(0.1, than * 0.02);

/** Uncompressed samples cannot last longer than their bytes: then they were read as another kind. */
function noticeExcess(seconds: number, declared: number, { codec, mostSeconds }: Container) {
  const found = `${seconds.toFixed(1)} instead of ${declared.toFixed(1)} seconds`;
  const most = codec.startsWith('pcm_') && mostSeconds ? mostSeconds : Number.POSITIVE_INFINITY;
  if (isLonger(seconds, most)) {
    throw new MediaError(
      'UNSUPPORTED_MEDIA',
      `The samples of this recording are not what its header says: they would last ${found}.`,
    );
  }
  const message = `This recording is longer than its header says: it has ${found}.`;
  return [buildWarning('LENGTH_MISMATCH', message)];
}

/** The demuxer gives up at what it does not know, such as a second stream with another rate. */
function checkDemuxing(log: string): MediaWarning[] {
  if (!/Error during demuxing/.test(log)) return [];
  const message =
    'The end of this recording could not be read: it may be longer than what was read.';
  return [buildWarning('PARTLY_DECODED', message)];
}
