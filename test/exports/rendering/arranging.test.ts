import '../../harness/place.ts';
import { parseBuffer } from 'music-metadata';
import { expect, test } from 'vitest';
import { given } from '../../harness/given.ts';
import { type Studio, studio } from '../../samples/audio.ts';
import { photograph } from '../../samples/images.ts';
import { samplesOf } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';
import { mixOf } from './given.ts';

const RATE = 44_100;
const tone = (files: Studio, name: string, hertz: number, seconds: number) =>
  files.make(
    name,
    '-f',
    'lavfi',
    '-i',
    `aevalsrc=0.25*sin(2*PI*${hertz}*t)|0.25*sin(2*PI*${hertz}*t):d=${seconds}:s=${RATE}`,
  );

/** How strong a frequency is around a time, as an amplitude. */
function strengthAt(samples: Float32Array, seconds: number, hertz: number): number {
  const length = RATE / 10;
  const start = Math.round(seconds * RATE - length / 2);
  let [real, imaginary] = [0, 0];
  for (let n = 0; n < length; n++) {
    const angle = (2 * Math.PI * hertz * n) / RATE;
    const value = samples[start + n] ?? 0;
    real += value * Math.cos(angle);
    imaginary += value * Math.sin(angle);
  }
  return (2 * Math.hypot(real, imaginary)) / length;
}

test('clips in sequence are cut to the sample, and cross with equal power', async () => {
  await using files = await studio();
  const [low, high] = [await tone(files, 'low.wav', 300, 5), await tone(files, 'high.wav', 700, 5)];
  const parts = [
    { path: low, clip: { from: 1, to: 4 } },
    { path: high, clip: { from: 0.5 } },
  ];
  const cut = await mixOf(files, parts);
  expect(cut.mix.frames).toBe(7.5 * RATE);
  const joined = await samplesOf(cut.mix.path);
  expect(
    [strengthAt(joined, 2.9, 300), strengthAt(joined, 2.9, 700)].map((s) => s.toFixed(2)),
  ).toEqual(['0.25', '0.00']);
  expect(
    [strengthAt(joined, 3.1, 300), strengthAt(joined, 3.1, 700)].map((s) => s.toFixed(2)),
  ).toEqual(['0.00', '0.25']);

  const crossed = await mixOf(files, parts, { crossfade: 1 });
  expect(crossed.mix.frames).toBe(6.5 * RATE);
  const samples = await samplesOf(crossed.mix.path);
  const middle = [strengthAt(samples, 2.5, 300), strengthAt(samples, 2.5, 700)];
  for (const one of middle) expect(one).toBeCloseTo(0.25 * Math.SQRT1_2, 2);

  // The first and the last clip may cross over all of their length.
  const whole = await mixOf(files, [{ path: low }, { path: high }], { crossfade: 5 });
  expect(whole.mix.frames).toBe(5 * RATE);
  const ends = await samplesOf(whole.mix.path);
  expect(strengthAt(ends, 0.1, 300)).toBeGreaterThan(0.2);
  expect(strengthAt(ends, 4.9, 700)).toBeGreaterThan(0.2);
});

test('clips of a mix begin where they are said to, with their gains and fades', async () => {
  await using files = await studio();
  const [low, high] = [await tone(files, 'low.wav', 300, 4), await tone(files, 'high.wav', 700, 2)];
  const { mix } = await mixOf(
    files,
    [
      { path: low, clip: { gain: -6 } },
      { path: high, clip: { at: 3, fadeIn: 0.5, fadeOut: 1 } },
    ],
    { arrangement: 'MIX' },
  );
  expect(mix.frames).toBe(5 * RATE);
  const samples = await samplesOf(mix.path);
  expect(strengthAt(samples, 2.9, 300)).toBeCloseTo(0.125, 2);
  expect(strengthAt(samples, 2.9, 700)).toBeCloseTo(0, 2);
  expect(strengthAt(samples, 3.75, 700)).toBeCloseTo(0.25, 2);
  expect(strengthAt(samples, 4.5, 700)).toBeCloseTo(0.125, 2);
});

test('tags and a cover are written into every format that has them', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({ name: 'An album' });
  const song = await tone(files, 'song.wav', 440, 4);
  const track = await readyMedium(alice, project, song, 'tracks', {
    name: 'Nachtzug',
    trackNumber: 3,
  });
  const image = await files.write('cover.jpg', await photograph(600, 400).jpeg().toBuffer());
  const { id: cover } = await readyMedium(alice, project, image, 'images', {
    contentType: 'image/jpeg',
  });
  // What a medium says of itself may have controls; they write no lines of their own.
  await alice.patch(`/v1/tracks/${track.id}`, { genre: 'Pop\rartist=Eve\u2028title=Eve' });
  const tags = { artist: 'Ada = Åse; #1', comment: 'two\nlines', composer: '久石 譲' };
  const known: Record<string, string> = {
    MP3: 'mp3',
    FLAC: 'flac',
    M4A: 'm4a',
    OPUS: 'opus',
    WAV: 'wav',
  };
  for (const format of Object.keys(known)) {
    const made = await exported(alice, { project, format, settings: { tags, cover } });
    expect(made.error, format).toBeUndefined();
    const { common } = await parseBuffer(await fileOf(alice, made), made.contentType);
    expect(common, format).toMatchObject({ title: 'Nachtzug', album: 'An album' });
    expect(common.artist, format).toBe(tags.artist);
    expect(common.composer, format).toEqual([tags.composer]);
    expect(common.track.no, format).toBe(3);
    expect(common.genre, format).toEqual(['Popartist=Evetitle=Eve']);
    expect(common.picture, format).toHaveLength(1);
    expect(common.picture?.[0]?.format, format).toBe('image/jpeg');
    expect(common.comment?.[0]?.text, format).toContain('two');
  }
});
