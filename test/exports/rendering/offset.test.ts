import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../../harness/given.ts';
import { studio } from '../../samples/audio.ts';
import { frameOf, samplesOf } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';

const FPS = 25;
const RATE = 48_000;
/** When it flashes and beeps, in seconds. */
const [FIRST, SECOND] = [1.2, 7.6];

test('sound and picture are apart by one frame at most, at the start and where segments meet', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project();
  const between = (from: number) => `between(t\\,${from}\\,${from + 0.2})`;
  const beeps = `0.8*sin(2000*PI*t)*(${between(FIRST)}+${between(SECOND)}):d=9:s=${RATE}`;
  const song = await files.make('song.wav', '-f', 'lavfi', '-i', `aevalsrc=${beeps}`);
  await readyMedium(alice, project, song);
  const black = `color=black:s=320x180:r=${FPS}:d=9`;
  const flash = `drawbox=color=white:t=fill:enable='${between(FIRST)}+${between(SECOND)}'`;
  const filter = ['-f', 'lavfi', '-i', `${black},${flash}`, '-pix_fmt', 'yuv420p'];
  const clip = await files.make('clip.mp4', ...filter);
  const values = { contentType: 'video/mp4' };
  const { id: video } = await readyMedium(alice, project, clip, 'videos', values);

  // Each shot is a segment of its own.
  const shots = [
    { video, from: 0, to: 4.4 },
    { video, from: 4.4, to: 9 },
  ];
  const picture = { type: 'VIDEOS', videos: shots };
  const settings = { resolution: 360, fps: FPS, picture };
  const made = await exported(alice, { project, format: 'MP4', settings });
  expect(made.error).toBeUndefined();
  const path = await files.write('made.mp4', await fileOf(alice, made));

  const sound = await samplesOf(path, RATE);
  for (const at of [FIRST, SECOND]) {
    // 0.1 of full scale, from half a second before: the encoder smears the onset over some ms.
    const from = Math.round((at - 0.5) * RATE);
    const heard = (sound.findIndex((value, n) => n >= from && Math.abs(value) > 0.1) /
      RATE) as number;
    let shown = at - 0.2;
    for (; shown < at + 0.3; shown += 1 / FPS) {
      const [red = 0] = await frameOf(path, shown - 0.5 / FPS); // the first frame after that
      if (red > 128) break;
    }
    expect(Math.abs(heard - shown), `heard at ${heard}, shown at ${shown}`).toBeLessThanOrEqual(
      1 / FPS,
    );
  }
});
