import { expect, test } from 'vitest';
import { PEAK, playSong } from '../../scripts/demo/song.ts';
import { RATE } from '../../scripts/demo/synth.ts';
import { encodeWav } from '../../scripts/demo/wav.ts';
import { makeKeyMeter } from '../../src/services/media/audio/analysis/key.ts';
import { makeTempoMeter } from '../../src/services/media/audio/analysis/tempo.ts';

const song = playSong();
/** What the analysis listens to: mono, at half the rate. */
const mono = song.left
  .filter((_, n) => n % 2 === 0)
  .map((left, n) => (left + at(song.right, 2 * n)) / 2);

test('the demo song lasts twenty seconds and peaks at 1 dB under full scale', () => {
  expect(song.left.length / RATE).toBe(20);
  expect(loudest()).toBeCloseTo(PEAK, 5);
});

test('the demo song is recognised as 120 beats a minute, with high confidence', () => {
  const meter = makeTempoMeter(RATE / 2);
  meter.add(mono);
  const { bpm, bpmConfidence } = meter.finish();
  expect(bpm).toBeCloseTo(120, 0);
  expect(bpmConfidence).toBeGreaterThan(0.5);
});

test('the demo song is recognised as C major, with high confidence', () => {
  const meter = makeKeyMeter(RATE / 2);
  meter.add(mono);
  const { key, scale, keyConfidence } = meter.finish();
  expect(`${key} ${scale}`).toBe('C MAJOR');
  expect(keyConfidence).toBeGreaterThan(0.5);
});

test('the demo song fades out before it ends', () => {
  for (const channel of [song.left, song.right]) {
    expect(Math.abs(at(channel, channel.length - 1))).toBeLessThan(0.01);
  }
});

test('its file is a WAV whose chunks add up', () => {
  const file = encodeWav(song, 'Odd', 'Even.'); // names of four and six bytes with their NUL
  expect(file.toString('latin1', 0, 4)).toBe('RIFF');
  expect(file.readUInt32LE(4)).toBe(file.length - 8);
  const chunks: Record<string, number> = {};
  for (let place = 12; place < file.length; ) {
    const length = file.readUInt32LE(place + 4);
    chunks[file.toString('latin1', place, place + 4)] = length;
    place += 8 + length + (length % 2);
  }
  expect(chunks).toEqual({ 'fmt ': 16, LIST: 30, data: 20 * RATE * 4 });
});

function loudest(): number {
  let most = 0;
  for (const channel of [song.left, song.right]) {
    for (const value of channel) most = Math.max(most, Math.abs(value));
  }
  return most;
}

function at(samples: Float32Array, n: number): number {
  return samples[n] as number;
}
