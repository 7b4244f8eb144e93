import { afterAll, beforeAll, expect, test } from 'vitest';
import { clicks, melody, processed, type Studio, studio, wav } from '../../samples/audio.ts';

let made: Studio;
beforeAll(async () => {
  made = await studio();
});
afterAll(() => made[Symbol.asyncDispose]());

const heard = async (name: string, samples: Float32Array) =>
  (await processed(await made.write(name, wav(samples)))).analysis;

test.for([60, 75, 90, 100, 120, 128, 140, 150, 174, 180])(
  'a metronome at %d is found within 1 BPM',
  async (bpm) => {
    const { bpm: found, bpmConfidence } = await heard(`${bpm}.wav`, clicks(bpm, 20));
    expect(Math.abs((found ?? 0) - bpm)).toBeLessThan(1);
    expect(bpmConfidence).toBeGreaterThan(0.7);
  },
);

const MAJOR = [0, 2, 4, 5, 7, 9, 11, 12];
const MINOR = { natural: [0, 2, 3, 5, 7, 8, 10, 12], harmonic: [0, 2, 3, 5, 7, 8, 11, 12] };
const SCALES: [string, number, number[], string, string][] = [
  ['C major', 60, MAJOR, 'C', 'MAJOR'],
  ['A minor, natural', 57, MINOR.natural, 'A', 'MINOR'],
  ['A minor, harmonic', 57, MINOR.harmonic, 'A', 'MINOR'],
  ['F# major', 54, MAJOR, 'F#', 'MAJOR'],
  ['D minor', 50, MINOR.natural, 'D', 'MINOR'],
];

test.for(SCALES)(
  'a scale of %s is told, played by sines and by strings',
  async ([name, tonic, steps, key, scale]) => {
    const notes = [...steps, ...steps].map((step) => tonic + step);
    for (const overtones of [1, 8]) {
      const found = await heard(`${name}-${overtones}.wav`, melody(notes, overtones));
      expect(found).toMatchObject({ key, scale });
      expect(found.keyConfidence).toBeGreaterThan(0);
      expect(found.keyConfidence).toBeLessThanOrEqual(1);
    }
  },
);

test('silence has neither tempo nor key nor loudness, and is a track', async () => {
  const found = await heard('silence.wav', new Float32Array(44_100 * 8));
  expect(found).toMatchObject({
    ...{ bpm: null, bpmConfidence: null, key: null, scale: null, keyConfidence: null },
    loudness: { integratedLufs: null, rangeLu: null, truePeakDbtp: null },
  });
});

test('of less than five seconds no key is claimed', async () => {
  const found = await heard('short.wav', melody([60, 64, 67, 72], 4, 1));
  expect(found).toMatchObject({ key: null, scale: null, keyConfidence: null });
});

test('of less than five seconds no range of loudness is claimed, and a longer tone has none', async () => {
  for (const [seconds, rangeLu] of [
    [3, null],
    [4.5, null],
    [6, 0],
  ] as const) {
    const { loudness } = await heard('range.wav', melody([69], 1, seconds));
    expect(loudness).toMatchObject({ integratedLufs: expect.any(Number), rangeLu });
  }
});

test('a steady tone has no beat, but a key', async () => {
  const found = await heard('tone.wav', melody([69], 1, 8));
  expect(found).toMatchObject({ bpm: null, key: 'A' });
});

test('every result names its algorithm and version', async () => {
  const { algorithms } = await heard('named.wav', clicks(100, 3));
  for (const name of ['bpm', 'key', 'loudness', 'waveform'] as const) {
    expect(algorithms[name]).toMatch(/^[\w-]+@[\d.]+$/);
  }
});
