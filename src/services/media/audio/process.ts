import { rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openBounded } from '../bounded-file.ts';
import type { OriginTags } from '../metadata/origin.ts';
import {
  type DerivativeFile,
  type PlannedDerivative,
  type Processed,
  type ProcessorInput,
  throttleProgress,
} from '../processor.ts';
import { buildWarning } from '../warning.ts';
import { KEY_ALGORITHM, type Key } from './analysis/key.ts';
import { LEVELS_ALGORITHM, type Levels } from './analysis/levels.ts';
import type { Loudness } from './analysis/loudness.ts';
import { TAG_SOURCE, weighKey, weighTempo } from './analysis/tagged.ts';
import { TEMPO_ALGORITHM, type Tempo } from './analysis/tempo.ts';
import { WAVEFORM_ALGORITHM } from './analysis/waveform.ts';
import type { Container } from './containers/container.ts';
import { makeFirstCover } from './cover.ts';
import { decodeAudio } from './decode.ts';
import { AUDIO_LIMITS, type AudioContentType, type AudioLimits } from './limits.ts';
import { removeRepeatedHeaders } from './ogg-repair.ts';
import { readSoundOrigin } from './origin.ts';
import { sniffAudio } from './sniff.ts';
import { type FoundTags, readTags, type TrackTags } from './tags.ts';

/** The facts of an audio file, as its medium stores them. */
export interface AudioFacts {
  audio: {
    /** Of the decoded sound, not from a header. */
    durationSeconds: number;
    sampleRate: number;
    channels: number;
    /** Average bits per second. */
    bitRate: number;
    codec: string;
    lossless: boolean;
  };
  analysis: Tempo & Key & Levels & { loudness: Loudness; algorithms: Algorithms };
}

/**
 * The algorithm and version behind each result, so that outdated results can be found and computed
 * again.
 */
type Algorithms = Record<'bpm' | 'key' | 'levels' | 'loudness' | 'waveform', string>;

export interface AudioInput extends ProcessorInput {
  limits?: Partial<AudioLimits>;
}

export interface ProcessedAudio extends Processed {
  contentType: AudioContentType;
  facts: AudioFacts & Processed['facts'];
  metadata: TrackTags & OriginTags;
}

/**
 * Processes one audio file: facts, tags, waveform, preview and, from an embedded picture, a cover.
 */
export async function processAudio(input: AudioInput): Promise<ProcessedAudio> {
  const { ffmpeg, signal } = input;
  const [path, workDir] = [resolve(input.path), resolve(input.workDir)];
  const limits = { ...AUDIO_LIMITS, ...input.limits };
  const progress = throttleProgress(input.onProgress);
  signal.throwIfAborted();
  progress(0, 'probe');
  const { container, found, bytes } = await probe(path, limits, signal);
  const { contentType } = container;
  const origin = await readSoundOrigin(path, container, found.texts, signal);
  const expected = container.declaredSeconds || (bytes * 8) / 128_000;
  await input.onProbed({
    contentType,
    facts: {},
    seconds: expected,
    derivatives: planDerivatives(found.pictures.length > 0 || Boolean(container.coverTrack)),
  });
  const warnings = [...(container.warnings ?? []), ...found.warnings];
  const cover = await makeFirstCover(found.pictures, { path, container, workDir, ffmpeg, signal });
  if (typeof cover === 'string') warnings.push(buildWarning('COVER_OMITTED', cover));
  else if (cover) {
    await input.onDerivative({ name: 'cover', contentType: 'image/jpeg', ...cover });
  }
  const decodable = container.repeatsHeaders ? join(workDir, 'repaired.ogg') : path;
  if (container.repeatsHeaders) {
    await removeRepeatedHeaders(path, decodable);
    warnings.push(
      buildWarning('REPAIRED_STREAM', 'The headers of this Ogg file are repeated in its sound.'),
    );
  }

  const previewPath = join(workDir, 'preview.m4a');
  const onSeconds = (seconds: number) =>
    progress(4 + 93 * Math.min(1, seconds / expected), 'decode');
  const work = {
    path: decodable,
    bytes,
    container,
    previewPath,
    cwd: workDir,
    ffmpeg,
    signal,
    limits,
  };
  const heard = await decodeAudio({ ...work, onSeconds });
  warnings.push(...heard.warnings);
  if (container.repeatsHeaders) await rm(decodable);

  progress(97, 'derivatives');
  const waveformPath = join(workDir, 'waveform.json');
  await writeFile(waveformPath, heard.waveform.toJson());
  await input.onDerivative(await describeFile('waveform', waveformPath, 'application/json'));
  await input.onDerivative(await describeFile('preview', previewPath, 'audio/mp4'));
  signal.throwIfAborted();
  progress(100, 'done');
  const { bpm, bpmConfidence, key, scale, keyConfidence, loudness, seconds, format } = heard;
  const { silence, clipping } = heard;
  const tempo = weighTempo({ bpm, bpmConfidence }, found.tags.bpm);
  const tonality = weighKey({ key, scale, keyConfidence }, found.tags.key);
  const music = {
    ...{ bpm: tempo.bpm, bpmConfidence: tempo.bpmConfidence },
    ...{ key: tonality.key, scale: tonality.scale, keyConfidence: tonality.keyConfidence },
  };
  const audio = {
    durationSeconds: Math.round(seconds * 1000) / 1000,
    sampleRate: format.sampleRate,
    // More than two are mixed down before decoding, so the header is used; for one or two the
    // header may be wrong.
    channels: container.channels > 2 ? container.channels : format.channels,
    bitRate:
      container.fixedBitRate ??
      Math.round((countSoundBytes(container, found, bytes) * 8) / seconds),
    codec: container.codec,
    lossless: container.lossless,
  };
  const analysis = {
    ...music,
    loudness,
    silence,
    clipping,
    algorithms: listAlgorithms(heard.ffmpegVersion, tempo.isTagged, tonality.isTagged),
  };
  return {
    contentType,
    metadata: { ...found.tags, ...origin },
    facts: { audio, analysis },
    warnings,
  };
}

function planDerivatives(hasPicture: boolean): PlannedDerivative[] {
  return [
    ...(hasPicture ? [{ name: 'cover', contentType: 'image/jpeg', mandatory: false }] : []),
    { name: 'waveform', contentType: 'application/json', mandatory: true },
    { name: 'preview', contentType: 'audio/mp4', mandatory: true },
  ];
}

/** Names the algorithms; before one of them `tag+` where a tag decided. */
function listAlgorithms(
  ffmpegVersion: string,
  isTempoTagged: boolean,
  isKeyTagged: boolean,
): Algorithms {
  const loudness = `ffmpeg-ebur128@${ffmpegVersion}`;
  return {
    bpm: isTempoTagged ? `${TAG_SOURCE}+${TEMPO_ALGORITHM}` : TEMPO_ALGORITHM,
    key: isKeyTagged ? `${TAG_SOURCE}+${KEY_ALGORITHM}` : KEY_ALGORITHM,
    levels: LEVELS_ALGORITHM,
    loudness,
    waveform: WAVEFORM_ALGORITHM,
  };
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

function countSoundBytes(container: Container, { pictureBytes }: FoundTags, bytes: number): number {
  return container.soundBytes ?? Math.max(0, bytes - pictureBytes);
}

async function describeFile(
  name: string,
  path: string,
  contentType: string,
): Promise<DerivativeFile> {
  return { name, path, contentType, size: (await stat(path)).size };
}
