import { expect, test } from 'vitest';
import { listFacts, summarise } from '../../scripts/demo/facts.ts';
import type { Track } from '../../scripts/demo/track.ts';
import { formatBytes, formatDuration } from '../../scripts/demo/units.ts';

const bare: Track = {
  id: '01980000-0000-7000-8000-000000000000',
  name: 'song',
  status: 'READY',
  progress: 100,
  contentType: 'audio/mpeg',
  size: 2_695_212,
};

const full: Track = {
  ...bare,
  metadata: { title: 'Awakening', artist: 'Somebody' },
  audio: {
    durationSeconds: 207.996,
    sampleRate: 48_000,
    channels: 2,
    bitRate: 103_666,
    codec: 'vorbis',
    lossless: false,
  },
  analysis: {
    bpm: 119.996,
    bpmConfidence: 0.27,
    key: 'F#',
    scale: 'MINOR',
    keyConfidence: 0.5,
    loudness: { integratedLufs: -16.7, rangeLu: 4.9, truePeakDbtp: -1.2 },
  },
  derivatives: [
    { name: 'waveform', size: 56_500 },
    { name: 'preview', size: 3_400_000 },
  ],
  warnings: [{ code: 'CUT_OFF', message: 'This track is cut off.' }],
};

test('the facts of a track are printed with their units', () => {
  expect(Object.fromEntries(listFacts(full))).toEqual({
    Title: 'Awakening',
    Artist: 'Somebody',
    Duration: '3:28.00',
    Format: 'vorbis, audio/mpeg, 2.7 MB',
    'Sample rate': '48000 Hz, stereo',
    'Bit rate': '104 kbit/s',
    Tempo: '120.00 BPM (confidence 0.27)',
    Key: 'F# minor (confidence 0.50)',
    Loudness: '-16.7 LUFS',
    Range: '4.9 LU',
    'True peak': '-1.2 dBTP',
    Derivatives: 'waveform 56.5 KB, preview 3.4 MB',
    Warning: 'This track is cut off.',
  });
});

test('unknown facts are left out', () => {
  expect(listFacts(bare)).toEqual([['Title', 'song']]);
  expect(summarise('song.mp3', bare)).toEqual(['song.mp3', '', '', '', '']);
});

test('a loudness range of 0 LU and a peak of 0 dBTP are printed', () => {
  const loudness = { integratedLufs: -9, rangeLu: 0, truePeakDbtp: 0 };
  const told = Object.fromEntries(listFacts({ ...bare, analysis: { loudness } }));
  expect([told.Range, told['True peak']]).toEqual(['0.0 LU', '0.0 dBTP']);
});

test('durations and sizes carry over into the next unit', () => {
  expect([59.996, 61.5, 3661.004].map(formatDuration)).toEqual([
    '1:00.00',
    '1:01.50',
    '1:01:01.00',
  ]);
  expect([999, 1000, 2_695_212].map(formatBytes)).toEqual(['999 B', '1.0 KB', '2.7 MB']);
});
