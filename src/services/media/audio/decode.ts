import { runFfmpeg } from '../../../providers/ffmpeg.ts';
import { corrupt } from '../media-error.ts';
import { refuseFailure } from '../refuse-failure.ts';
import { keyMeter } from './analysis/key.ts';
import { levelMeter } from './analysis/levels.ts';
import { readLoudness } from './analysis/loudness.ts';
import { tempoMeter } from './analysis/tempo.ts';
import { waveformMeter } from './analysis/waveform.ts';
import type { Container } from './containers/container.ts';
import type { AudioLimits } from './limits.ts';
import { float32, int16, type PcmFormat, wavStream, whole } from './pcm-stream.ts';
import { tooLong } from './sniff.ts';

export interface Decoding {
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
/** The rates of the preview: what every AAC decoder plays. */
const PREVIEW_RATES = [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];
/**
 * More channels than two are mixed down, for the preview and for the waveform: one shows what the
 * other plays.
 */
const MONO_OR_STEREO = 'aformat=channel_layouts=mono|stereo';

/**
 * Decodes the file once, and listens to it in four ways at the same time: loudness and preview
 * within ffmpeg (a thread each), waveform and music through pipes. Nothing of the sound is kept, so
 * that length costs time alone.
 * @throws MediaError
 */
export async function decodeAudio(decoding: Decoding) {
  const { container, limits, signal, cwd, ffmpeg: binary, path } = decoding;
  const tempo = tempoMeter(ANALYSIS_RATE);
  const key = keyMeter(ANALYSIS_RATE);
  let format: PcmFormat | null = null;
  let waveform: ReturnType<typeof waveformMeter> | null = null;
  let levels: ReturnType<typeof levelMeter> | null = null;

  const onSamples = wavStream((found) => {
    format = found;
    const meter = waveformMeter(found.sampleRate, found.channels);
    const level = levelMeter(found.sampleRate, found.channels);
    waveform = meter;
    levels = level;
    return whole(2 * found.channels, (chunk) => {
      const samples = int16(chunk);
      meter.add(samples);
      level.add(samples);
      const seconds = meter.frames / found.sampleRate;
      if (seconds > limits.seconds) throw tooLong(limits);
      decoding.onSeconds(seconds);
    });
  });
  const onMono = whole(4, (chunk) => {
    const samples = float32(chunk);
    tempo.add(samples);
    key.add(samples);
  });

  const end = await runFfmpeg({
    binary,
    input: {
      path,
      demuxer: container.demuxer,
      decoders: container.decoders,
      maxStreams: limits.streams,
      maxSeconds: limits.seconds + 1,
    },
    outputs: outputsTo(decoding.previewPath),
    sinks: [onSamples, onMono],
    cwd,
    signal,
    deadlineMs: deadlineOf(decoding),
  });
  refuseFailure(end, 'recording');
  const heard = decoded(format, waveform, levels);
  const warnings = judgeLength(heard.seconds, container);
  return {
    ...heard,
    ...tempo.result(),
    ...key.result(),
    loudness: readLoudness(end.log, heard.seconds),
    ffmpegVersion: end.version,
    warnings,
  };
}

function outputsTo(previewPath: string): string[] {
  const of = (...rest: string[]) => ['-map', '0:a:0', '-vn', '-sn', '-dn', '-bitexact', ...rest];
  const plain = ['-map_metadata', '-1', '-map_chapters', '-1'];
  const previewFilter = `${MONO_OR_STEREO}:sample_rates=${PREVIEW_RATES.join('|')}`;
  // The fast coder takes half the time of the default one, and is not told apart from it at this
  // rate.
  const aac = ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k', '-movflags', '+faststart'];
  return [
    ...of('-af', 'ebur128=peak=true:framelog=quiet', '-f', 'null', '-'),
    ...of(...plain, '-af', previewFilter, ...aac, '-f', 'ipod', `file:${previewPath}`),
    ...of(...plain, '-af', MONO_OR_STEREO, '-c:a', 'pcm_s16le', '-f', 'wav', 'pipe:1'),
    ...of(
      ...plain,
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

/** By what the file says it holds, and by its size at 320 kbit/s in case it says too little. */
function deadlineOf({ container, bytes, limits }: Decoding): number {
  const seconds = Math.max(container.declaredSeconds ?? 0, bytes / 40_000);
  return limits.decodeBaseMs + Math.min(seconds, limits.seconds) * limits.decodeMsPerSecond;
}

function decoded(
  format: PcmFormat | null,
  waveform: ReturnType<typeof waveformMeter> | null,
  levels: ReturnType<typeof levelMeter> | null,
) {
  if (!format || !waveform || !levels || waveform.frames === 0)
    throw corrupt('There is no sound in this recording.');
  return { format, waveform, ...levels.result(), seconds: waveform.frames / format.sampleRate };
}

/**
 * A file that was cut off. What is left of it plays, in every player, and is worth having: it is
 * accepted, with a warning, as long as a quarter of what it promises is there. With less it is a
 * failed upload, not a track.
 */
function judgeLength(seconds: number, { declaredSeconds, declaredIsExact }: Container): string[] {
  if (declaredSeconds === null || !declaredIsExact || seconds >= declaredSeconds - 1) return [];
  const found = `${seconds.toFixed(1)} of ${declaredSeconds.toFixed(1)} seconds`;
  if (seconds < declaredSeconds / 4) throw corrupt(`This recording is cut off: it has ${found}.`);
  if (seconds > declaredSeconds * 0.98) return [];
  return [`This recording is cut off: it has ${found}.`];
}
