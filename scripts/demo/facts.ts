import type { Track } from './track.ts';
import { formatBytes, formatDuration } from './units.ts';

/** Lists what was found in a track; unknown facts are left out. */
export function listFacts(track: Track): [label: string, text: string][] {
  const { metadata = {}, audio, analysis = {}, derivatives = [] } = track;
  const { loudness = {} } = analysis;
  const kept = derivatives.map(({ name, size }) => `${name} ${formatBytes(size)}`);
  const all: [string, string | undefined][] = [
    ['Title', metadata.title ?? track.name],
    ['Artist', metadata.artist],
    ['Duration', audio && formatDuration(audio.durationSeconds)],
    ['Format', audio && `${audio.codec}, ${track.contentType}, ${formatBytes(track.size)}`],
    ['Sample rate', audio && `${audio.sampleRate} Hz, ${formatChannels(audio.channels)}`],
    ['Bit rate', audio?.bitRate && `${Math.round(audio.bitRate / 1000)} kbit/s`],
    ['Tempo', formatMeasured(analysis.bpm, 'BPM', 2, analysis.bpmConfidence)],
    ['Key', formatKey(track, true)],
    ['Loudness', formatMeasured(loudness.integratedLufs, 'LUFS', 1)],
    ['Range', formatMeasured(loudness.rangeLu, 'LU', 1)],
    ['True peak', formatMeasured(loudness.truePeakDbtp, 'dBTP', 1)],
    ['Derivatives', kept.join(', ')],
    ...(track.warnings ?? []).map(({ message }): [string, string] => ['Warning', message]),
  ].map(([label, text]) => [label as string, text || undefined]);
  return all.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** The column headings of `summarise`. */
export const SUMMARY = ['File', 'Duration', 'BPM', 'Key', 'LUFS'];

/** Summarises a track in one row, which begins with the name of its file. */
export function summarise(fileName: string, track: Track): string[] {
  const { audio, analysis = {} } = track;
  const { bpm, loudness = {} } = analysis;
  return [
    fileName,
    audio ? formatDuration(audio.durationSeconds) : '',
    bpm?.toFixed(2) ?? '',
    formatKey(track, false) ?? '',
    loudness.integratedLufs?.toFixed(1) ?? '',
  ];
}

function formatKey({ analysis = {} }: Track, withConfidence: boolean): string | undefined {
  const { key, scale, keyConfidence } = analysis;
  if (!key || !scale) return undefined;
  return `${key} ${scale.toLowerCase()}${withConfidence ? formatConfidence(keyConfidence) : ''}`;
}

function formatMeasured(
  value: number | undefined,
  unit: string,
  digits: number,
  confidence?: number,
) {
  return value === undefined
    ? undefined
    : `${value.toFixed(digits)} ${unit}${formatConfidence(confidence)}`;
}

function formatConfidence(confidence: number | undefined): string {
  return confidence === undefined ? '' : ` (confidence ${confidence.toFixed(2)})`;
}

function formatChannels(count: number): string {
  return ['', 'mono', 'stereo'][count] ?? `${count} channels`;
}
