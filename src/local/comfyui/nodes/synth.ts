import type { Sound } from './sound.ts';

const RATE = 44_100;

/** Four chords, as MIDI numbers, of which a song by the stand-in is made. */
const CHORDS = [
  [57, 60, 64],
  [53, 57, 60],
  [48, 52, 55],
  [55, 59, 62],
];

/**
 * Plays a song of a bass and an arpeggio, so that what came out of a "generation" can be heard. The same
 * seed gives the same song.
 */
export function playSong(seconds: number, seed: number): Sound {
  const length = Math.round(seconds * RATE);
  const [left, right] = [new Float32Array(length), new Float32Array(length)];
  const beat = 60 / (84 + (seed % 5) * 12);
  const shift = (seed % 7) - 3;
  for (let n = 0; n * beat < seconds; n++) {
    const chord = CHORDS[(Math.floor(n / 8) + seed) % CHORDS.length] as number[];
    const note = chord[(n * (1 + (seed % 2))) % chord.length] as number;
    const pan = n % 2 ? 0.3 : 0.7;
    play(left, n * beat, note + 12 + shift, beat * 1.5, 0.25 * pan);
    play(right, n * beat, note + 12 + shift, beat * 1.5, 0.25 * (1 - pan));
    if (n % 4 !== 0) continue;
    for (const side of [left, right])
      play(side, n * beat, (chord[0] as number) - 12 + shift, beat * 4, 0.3);
  }
  return { rate: RATE, channels: [left, right] };
}

// A tone with two overtones, struck and fading.
function play(into: Float32Array, at: number, note: number, seconds: number, gain: number): void {
  const pitch = 440 * 2 ** ((note - 69) / 12);
  const from = Math.round(at * RATE);
  const to = Math.min(into.length, from + Math.round(seconds * RATE));
  for (let n = from; n < to; n++) {
    const t = (n - from) / RATE;
    const phase = 2 * Math.PI * pitch * t;
    const tone = Math.sin(phase) + 0.4 * Math.sin(2 * phase) + 0.15 * Math.sin(3 * phase);
    const fade = Math.min(1, t / 0.01, (seconds - t) / 0.05) * Math.exp(-t * 2);
    into[n] = (into[n] as number) + tone * fade * gain;
  }
}
