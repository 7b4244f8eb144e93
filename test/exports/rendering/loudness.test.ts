import { expect, test } from 'vitest';
import type { SoundEncoding } from '../../../src/services/exports/plan.ts';
import { encodeSound } from '../../../src/services/exports/sound/encode.ts';
import { studio } from '../../samples/audio.ts';
import { readByFfmpeg } from '../../samples/independent.ts';
import { loudnessOf, mixOf } from './given.ts';

const encoding = (codec: SoundEncoding['codec'], more: Partial<SoundEncoding> = {}) => ({
  ...{ codec, bitRate: null, bitDepth: 16 as const, ...more },
});
const ENCODINGS: [string, SoundEncoding][] = [
  ['MP3 V0', encoding('MP3')],
  ['MP3 320', encoding('MP3', { bitRate: 320 })],
  ['WAV 16', encoding('WAV')],
  ['WAV 24', encoding('WAV', { bitDepth: 24 })],
  ['WAV float', encoding('WAV', { bitDepth: 'FLOAT' })],
  ['FLAC', encoding('FLAC', { bitDepth: 24 })],
  ['M4A', encoding('AAC', { bitRate: 256 })],
  ['Opus', encoding('OPUS', { bitRate: 160 })],
  ['a preview', encoding('AAC', { bitRate: 96 })],
];

/** Sounds that encoders and limiters find hard, of 12 s. */
const SOUNDS: Record<string, string> = {
  // Clicks stand 30 dB over what makes it loud.
  clicks:
    'aevalsrc=0.02*random(0)+0.9*lt(mod(t\\,0.5)\\,0.002)|0.02*random(1)+0.9*lt(mod(t\\,0.5)\\,0.002):d=12:s=44100',
  // A square wave has its true peaks between samples.
  square: 'aevalsrc=0.3*sgn(sin(2*PI*997*t))*(0.5+0.5*sin(2*PI*t)):d=12:s=44100',
  noise: 'anoisesrc=d=12:c=pink:a=0.9:r=44100:s=1',
  quiet: 'aevalsrc=0.004*sin(2*PI*220*t)*(1+0.5*sin(6*t)):d=12:s=44100',
};

test.each(Object.entries(SOUNDS))(
  '%s come out at their loudness in every format',
  async (_, source) => {
    await using files = await studio();
    const path = await files.make('source.wav', '-f', 'lavfi', '-i', source, '-c:a', 'pcm_s24le');
    const { dir, mix } = await mixOf(files, [{ path }], { sampleRate: 48_000 });
    const loudness = { target: -14, truePeak: -1 };
    for (const [name, how] of ENCODINGS) {
      const output = { encoding: how, loudness, tags: {}, cover: null, name: 'made' };
      const made = await encodeSound(dir, mix, output);
      const found = await loudnessOf(made.path);
      expect(found.truePeakDbtp, name).toBeLessThanOrEqual(-0.8);
      expect(
        Math.abs((found.integratedLufs ?? 0) + 14),
        `${name}: ${found.integratedLufs}`,
      ).toBeLessThanOrEqual(0.5);
      const { seconds } = await readByFfmpeg(made.path);
      expect(Math.abs(seconds - 12), `${name} lasts ${seconds} s`).toBeLessThan(0.025);
    }
  },
);

test('silence and what is too short to have a loudness keep their level', async () => {
  await using files = await studio();
  for (const source of ['anullsrc=d=5', 'sine=d=1']) {
    const path = await files.make('source.wav', '-f', 'lavfi', '-i', source);
    const { dir, mix } = await mixOf(files, [
      { path, clip: { channels: source === 'sine=d=1' ? 1 : 2 } },
    ]);
    const loudness = { target: -14, truePeak: -1 };
    const output = { encoding: encoding('MP3'), loudness, tags: {}, cover: null, name: 'made' };
    const made = await encodeSound(dir, mix, output);
    const before = (await loudnessOf(path)).truePeakDbtp;
    const after = (await loudnessOf(made.path)).truePeakDbtp;
    if (before === null) expect(after).toBeNull();
    else expect(after).toBeCloseTo(before, 0);
  }
});
