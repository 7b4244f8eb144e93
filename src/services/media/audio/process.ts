import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openBounded } from '../bounded-file.ts';
import { KEY_ALGORITHM, type Key } from './analysis/key.ts';
import type { Loudness } from './analysis/loudness.ts';
import { TEMPO_ALGORITHM, type Tempo } from './analysis/tempo.ts';
import { WAVEFORM_ALGORITHM } from './analysis/waveform.ts';
import type { Container } from './containers/container.ts';
import { makeCover } from './cover.ts';
import { decodeAudio } from './decode.ts';
import { AUDIO_LIMITS, type AudioContentType, type AudioLimits } from './limits.ts';
import { sniffAudio } from './sniff.ts';
import { type FoundTags, readTags, type TrackTags } from './tags.ts';

/** All that was found in a track, and the files that were made of it. */
export interface AudioFacts {
  /** By its bytes, whatever was declared. */
  contentType: AudioContentType;
  metadata: TrackTags;
  audio: {
    /** Of the decoded sound, not of a header. */
    durationSeconds: number;
    sampleRate: number;
    channels: number;
    /** Bits a second, on average. */
    bitRate: number;
    codec: string;
    lossless: boolean;
  };
  analysis: Tempo & Key & { loudness: Loudness; algorithms: Algorithms };
  derivatives: Derivative[];
  /** What is worth telling about a track that is accepted all the same. */
  warnings: string[];
}

/** What each result was found by, with its version, so that old ones can be told and made again. */
export type Algorithms = Record<'bpm' | 'key' | 'loudness' | 'waveform', string>;

export interface Derivative {
  name: 'waveform' | 'preview' | 'cover';
  /** Under `workDir`; the caller removes it. */
  path: string;
  contentType: string;
  size: number;
  width?: number;
  height?: number;
}

export interface ProcessAudio {
  /** A file made by us, never a client's name. */
  path: string;
  /** An existing folder of this run alone: every temporary file is in it. */
  workDir: string;
  /** The program: an absolute path, or a name in the usual folders. */
  ffmpeg: string;
  signal: AbortSignal;
  /** Called with 0, 100, and whole percents between, each once and in order. */
  onProgress(percent: number, stage: string): void;
  limits?: Partial<AudioLimits>;
}

/**
 * Looks into one audio file, and makes a waveform, a preview and a cover of it. The event loop is
 * never held for long, memory does not grow with the file, and no process is left behind.
 * @throws MediaError when the file is at fault; the signal's reason when aborted; any other error
 * is worth another try
 */
export async function processAudio(input: ProcessAudio): Promise<AudioFacts> {
  const { ffmpeg, signal } = input;
  const [path, workDir] = [resolve(input.path), resolve(input.workDir)];
  const limits = { ...AUDIO_LIMITS, ...input.limits };
  const progress = wholePercents(input.onProgress);
  signal.throwIfAborted();
  progress(0, 'probe');
  const { container, found, bytes } = await probe(path, limits, signal);

  const expected = container.declaredSeconds || (bytes * 8) / 128_000;
  const previewPath = join(workDir, 'preview.m4a');
  const onSeconds = (seconds: number) =>
    progress(2 + 93 * Math.min(1, seconds / expected), 'decode');
  const work = { path, bytes, container, previewPath, cwd: workDir, ffmpeg, signal, limits };
  const heard = await decodeAudio({ ...work, onSeconds });

  progress(95, 'derivatives');
  const waveformPath = join(workDir, 'waveform.json');
  await writeFile(waveformPath, heard.waveform.toJson());
  const derivatives = [
    await derivative('waveform', waveformPath, 'application/json'),
    await derivative('preview', previewPath, 'audio/mp4'),
  ];
  const warnings = [...found.warnings, ...heard.warnings];
  if (found.picture) {
    const cover = await makeCover(found.picture.data, { workDir, ffmpeg, signal });
    if (typeof cover === 'string') warnings.push(cover);
    else derivatives.push({ name: 'cover', contentType: 'image/jpeg', ...cover });
  }
  signal.throwIfAborted();
  progress(100, 'done');
  const { bpm, bpmConfidence, key, scale, keyConfidence, loudness, seconds, format } = heard;
  const music = { bpm, bpmConfidence, key, scale, keyConfidence };
  return {
    contentType: container.contentType,
    metadata: found.tags,
    audio: {
      durationSeconds: Math.round(seconds * 1000) / 1000,
      sampleRate: format.sampleRate,
      // Of more than two only the header knows: they are mixed down. Of one or two it may be wrong.
      channels: container.channels > 2 ? container.channels : format.channels,
      bitRate:
        container.fixedBitRate ?? Math.round((soundBytes(container, found, bytes) * 8) / seconds),
      codec: container.codec,
      lossless: container.lossless,
    },
    analysis: { ...music, loudness, algorithms: algorithmsWith(heard.ffmpegVersion) },
    derivatives,
    warnings,
  };
}

function algorithmsWith(ffmpegVersion: string): Algorithms {
  const loudness = `ffmpeg-ebur128@${ffmpegVersion}`;
  return { bpm: TEMPO_ALGORITHM, key: KEY_ALGORITHM, loudness, waveform: WAVEFORM_ALGORITHM };
}

async function probe(path: string, limits: AudioLimits, signal: AbortSignal) {
  const file = await openBounded(path, signal);
  try {
    const container = await sniffAudio(file, limits);
    const found = await readTags(file, container);
    signal.throwIfAborted();
    return { container, found, bytes: file.size };
  } finally {
    await file.close();
  }
}

function soundBytes(container: Container, { pictureBytes }: FoundTags, bytes: number): number {
  return container.soundBytes ?? Math.max(0, bytes - pictureBytes);
}

async function derivative(
  name: Derivative['name'],
  path: string,
  contentType: string,
): Promise<Derivative> {
  return { name, path, contentType, size: (await stat(path)).size };
}

/** Forwards only what is at least one percent more than what was told last. */
function wholePercents(onProgress: ProcessAudio['onProgress']) {
  let told = -1;
  return (percent: number, stage: string): void => {
    const whole = Math.min(100, Math.floor(percent));
    if (whole <= told) return;
    told = whole;
    onProgress(whole, stage);
  };
}
