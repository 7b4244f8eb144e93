import {
  add,
  echo,
  hat,
  kick,
  type Mix,
  makeBass,
  makePiano,
  makeSilence,
  makeSnare,
  master,
} from './synth.ts';

/** A beat in seconds: 120 a minute. */
const BEAT = 0.5;
const BAR = 4 * BEAT;

/** A chord as MIDI numbers, the bass note first. */
const CHORDS = {
  C: [36, 60, 64, 67],
  Am: [33, 57, 60, 64],
  F: [29, 57, 60, 65],
  Dm: [38, 57, 62, 65],
  G: [31, 59, 62, 67],
} as const;

/** The bars of the song: a chord, and the notes of the tune as [beat, note]. */
const BARS: [keyof typeof CHORDS, [beat: number, note: number][]][] = [
  ['C', []],
  ['Am', []],
  [
    'F',
    [
      [3, 72],
      [3.5, 74],
    ],
  ],
  [
    'G',
    [
      [0, 76],
      [1.5, 74],
      [3, 72],
      [3.5, 74],
    ],
  ],
  [
    'C',
    [
      [0, 79],
      [1.5, 76],
      [3, 72],
    ],
  ],
  [
    'Am',
    [
      [0, 76],
      [1.5, 74],
      [2, 72],
      [3, 69],
    ],
  ],
  [
    'Dm',
    [
      [0, 74],
      [1.5, 77],
      [3, 76],
      [3.5, 74],
    ],
  ],
  [
    'G',
    [
      [0, 71],
      [1.5, 74],
      [3, 79],
    ],
  ],
  [
    'C',
    [
      [0, 76],
      [1.5, 74],
      [2, 72],
      [3, 67],
    ],
  ],
  ['C', [[0, 72]]],
];

/** The peak of the finished song: 1 dB below full scale. */
export const PEAK = 10 ** (-1 / 20);

/**
 * Synthesises twenty seconds in C major at 120 BPM: piano, bass and drums, the same in every run.
 */
export function playSong(): Mix {
  const mix = makeSilence(BARS.length * BAR);
  for (const [bar, [chord, tune]] of BARS.entries()) {
    const start = bar * BAR;
    const isLast = bar === BARS.length - 1;
    addKeys(mix, start, CHORDS[chord], isLast);
    for (const [beat, note] of tune) {
      add(mix, makePiano(note, isLast ? BAR : 1.5 * BEAT), start + beat * BEAT, BAR, 0.2, 0.3);
    }
  }
  echo(mix, 0.75 * BEAT, 0.28);
  for (let bar = 0; bar < BARS.length - 1; bar++) addDrums(mix, bar * BAR);
  add(mix, kick, (BARS.length - 1) * BAR, BEAT, 0.9);
  master(mix, 0.8, PEAK);
  return mix;
}

/** Adds a chord with its bass, twice in a bar, or once with a long decay. */
function addKeys(mix: Mix, start: number, chord: readonly number[], ring: boolean): void {
  const [root, ...notes] = chord as [number, ...number[]];
  const strokes = ring
    ? [[0, 4]]
    : [
        [0, 1.5],
        [1.5, 2.5],
      ];
  for (const [beat, beats] of strokes as [number, number][]) {
    const [at, seconds] = [start + beat * BEAT, beats * BEAT];
    for (const [i, note] of notes.entries()) {
      add(mix, makePiano(note, seconds), at, seconds, 0.13, -0.4 + 0.25 * i);
    }
    add(mix, makeBass(root, seconds), at, seconds, 0.4);
  }
}

/** Adds a bass drum on each beat, and a snare on two and four. */
function addDrums(mix: Mix, start: number): void {
  for (let beat = 0; beat < 4; beat++) {
    const at = start + beat * BEAT;
    add(mix, kick, at, BEAT, 0.9);
    if (beat % 2 === 1) add(mix, makeSnare(), at, BEAT, 0.35, 0.05);
    add(mix, hat(), at, BEAT / 2, 0.18, 0.25);
    add(mix, hat(), at + BEAT / 2, BEAT / 2, 0.3, 0.25);
  }
}
