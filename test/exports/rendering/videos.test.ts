import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../../harness/given.ts';
import { studio } from '../../samples/audio.ts';
import { frameOf, readByFfmpeg } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';

/** Four colours, one in each quarter. */
const QUAD = [
  'color=red:s=320x180[a];color=lime:s=320x180[b];color=blue:s=320x180[c];color=white:s=320x180[d]',
  '[a][b]hstack[t];[c][d]hstack[u];[t][u]vstack',
].join(';');

test('a song with images is a slideshow, exact to the frame, in the colours of the images', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project({ name: 'A film' });
  const song = await files.make('song.wav', '-f', 'lavfi', '-i', 'sine=f=440:d=4.02:r=44100');
  await readyMedium(alice, project, song);
  const quad = await files.make('quad.png', '-filter_complex', QUAD, '-frames:v', '1');
  const gray = await files.make(
    'gray.png',
    '-f',
    'lavfi',
    '-i',
    'color=gray:s=640x360',
    '-frames:v',
    '1',
  );
  await readyMedium(alice, project, quad, 'images', { contentType: 'image/png' });
  await readyMedium(alice, project, gray, 'images', { contentType: 'image/png' });

  const settings = { resolution: 360, fps: 25 };
  const made = await exported(alice, { project, format: 'MP4', settings });
  expect(made.error).toBeUndefined();
  const path = await files.write('made.mp4', await fileOf(alice, made));
  const found = await readByFfmpeg(path);
  expect(found.video).toMatchObject({ codec: 'h264', width: 640, height: 360 });
  expect(found.audio).toMatchObject({ codec: 'aac', sampleRate: 48_000 });
  // 4.02 s are 100.5 frames.
  expect([100, 101]).toContain(Math.round(made.durationSeconds * 25));
  expect(Math.abs(found.seconds - 4.02)).toBeLessThan(0.04);

  const early = await frameOf(path, 0.5);
  const at = (x: number, y: number) => [
    ...early.subarray(3 * (y * 640 + x), 3 * (y * 640 + x) + 3),
  ];
  const colors = { red: [255, 0, 0], lime: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] };
  const seen = { red: at(160, 90), lime: at(480, 90), blue: at(160, 270), white: at(480, 270) };
  for (const [name, color] of Object.entries(colors)) {
    for (const [n, value] of color.entries()) {
      const found = seen[name as keyof typeof seen][n] as number;
      expect(Math.abs(found - value), `${name}: ${seen[name as keyof typeof seen]}`).toBeLessThan(
        12,
      );
    }
  }
  const late = await frameOf(path, 3.8);
  expect(Math.abs((late[0] as number) - 128)).toBeLessThan(12);
});

test.each(['WAVEFORM', 'SPECTRUM', 'BARS', 'CIRCLE'])(
  'a %s shows the music, and nothing where there is none',
  async (style) => {
    await using files = await studio();
    const alice = await given.user();
    const { id: project } = await alice.project();
    const source = 'aevalsrc=0.5*random(0)*between(t\\,1\\,2):d=3:s=48000';
    await readyMedium(alice, project, await files.make('song.wav', '-f', 'lavfi', '-i', source));
    const picture = { type: 'VISUALIZER', style, color: '#ff8000', background: '#000000' };
    const settings = { preview: true, aspectRatio: '9:16', picture };
    const made = await exported(alice, { project, format: 'MP4', settings });
    expect(made.error).toBeUndefined();
    const path = await files.write('made.mp4', await fileOf(alice, made));
    const { video } = await readByFfmpeg(path);
    expect(video).toMatchObject({ width: 360, height: 640 });
    const light = async (seconds: number) => {
      const frame = await frameOf(path, seconds);
      return frame.reduce((sum, value) => sum + value, 0) / frame.length;
    };
    const [before, during] = [await light(0.4), await light(1.5)];
    expect(during).toBeGreaterThan(before + 1.5);
    expect(before).toBeLessThan(20);
  },
);

test('videos are cut, repeated to the length of the song, and written over in any script', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project();
  const song = await files.make('song.wav', '-f', 'lavfi', '-i', 'sine=d=5:r=48000');
  const track = await readyMedium(alice, project, song);
  const source = [
    '-f',
    'lavfi',
    '-i',
    'color=blue:s=320x180:r=30:d=2',
    '-f',
    'lavfi',
    '-i',
    'color=red:s=320x180:r=30:d=2',
  ];
  const clip = await files.make(
    'clip.mp4',
    ...source,
    '-filter_complex',
    '[0][1]concat=n=2',
    '-pix_fmt',
    'yuv420p',
  );
  const { id: video } = await readyMedium(alice, project, clip, 'videos', {
    contentType: 'video/mp4',
  });
  await alice.patch(`/v1/tracks/${track.id}`, { lyrics: '[00:03.00]夜に駆ける 한국어 ไทย' });

  const picture = { type: 'VIDEOS', videos: [{ video, from: 1, to: 3 }] };
  const settings = { resolution: 360, picture, lyrics: { source: 'TRACK' } };
  const made = await exported(alice, { project, format: 'MP4', settings });
  expect(made.error).toBeUndefined();
  const path = await files.write('made.mp4', await fileOf(alice, made));
  expect(made.durationSeconds).toBe(5);
  const colors: string[] = [];
  for (const seconds of [0.5, 1.5, 2.5, 3.5, 4.5]) {
    const [red = 0, , blue = 0] = await frameOf(path, seconds);
    colors.push(red > blue ? 'red' : 'blue');
  }
  expect(colors).toEqual(['blue', 'red', 'blue', 'red', 'blue']);
  // Neither blue nor red has green, as white letters do.
  const written = async (seconds: number) =>
    (await frameOf(path, seconds)).filter((value, n) => n % 3 === 1 && value > 150).length;
  expect([await written(1.5), (await written(3.5)) > 100]).toEqual([0, true]);
});
