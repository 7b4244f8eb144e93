import type { Track } from './track.ts';
import { bytes, duration } from './units.ts';

/** What was found in a track, by name; what is not known is not there. */
export function facts(track: Track): [label: string, text: string][] {
  const { metadata = {}, audio, analysis = {}, derivatives = [] } = track;
  const { loudness = {} } = analysis;
  const kept = derivatives.map(({ name, size }) => `${name} ${bytes(size)}`);
  const all: [string, string | undefined][] = [
    ['Title', metadata.title ?? track.name],
    ['Artist', metadata.artist],
    ['Duration', audio && duration(audio.durationSeconds)],
    ['Format', audio && `${audio.codec}, ${track.contentType}, ${bytes(track.size)}`],
    ['Sample rate', audio && `${audio.sampleRate} Hz, ${channels(audio.channels)}`],
    ['Bit rate', audio?.bitRate && `${Math.round(audio.bitRate / 1000)} kbit/s`],
    ['Tempo', known(analysis.bpm, 'BPM', 2, analysis.bpmConfidence)],
    ['Key', keyOf(track, true)],
    ['Loudness', known(loudness.integratedLufs, 'LUFS', 1)],
    ['Range', known(loudness.rangeLu, 'LU', 1)],
    ['True peak', known(loudness.truePeakDbtp, 'dBTP', 1)],
    ['Derivatives', kept.join(', ')],
    ...(track.warnings ?? []).map((warning): [string, string] => ['Warning', warning]),
  ].map(([label, text]) => [label as string, text || undefined]);
  return all.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** The heads of `summary`. */
export const SUMMARY = ['File', 'Duration', 'BPM', 'Key', 'LUFS'];

/** A track in one row, its file's name first. */
export function summary(fileName: string, track: Track): string[] {
  const { audio, analysis = {} } = track;
  const { bpm, loudness = {} } = analysis;
  return [
    fileName,
    audio ? duration(audio.durationSeconds) : '',
    bpm?.toFixed(2) ?? '',
    keyOf(track, false) ?? '',
    loudness.integratedLufs?.toFixed(1) ?? '',
  ];
}

function keyOf({ analysis = {} }: Track, withConfidence: boolean): string | undefined {
  const { key, scale, keyConfidence } = analysis;
  if (!key || !scale) return undefined;
  return `${key} ${scale.toLowerCase()}${withConfidence ? sureness(keyConfidence) : ''}`;
}

function known(value: number | undefined, unit: string, digits: number, confidence?: number) {
  return value === undefined
    ? undefined
    : `${value.toFixed(digits)} ${unit}${sureness(confidence)}`;
}

function sureness(confidence: number | undefined): string {
  return confidence === undefined ? '' : ` (confidence ${confidence.toFixed(2)})`;
}

function channels(count: number): string {
  return ['', 'mono', 'stereo'][count] ?? `${count} channels`;
}
