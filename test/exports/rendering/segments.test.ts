import { vi } from 'vitest';

// So little time for each job that ten seconds are long.
vi.hoisted(() => {
  process.env.VIDEO_SECONDS_PER_JOB = '1';
});

import '../../harness/place.ts';
import { expect, onTestFinished, test } from 'vitest';
import { UUID } from '../../../src/data/ids.ts';
import { Job } from '../../../src/models/jobs/job.ts';
import { given } from '../../harness/given.ts';
import { keysOf } from '../../harness/objects.ts';
import { until } from '../../harness/until.ts';
import { studio } from '../../samples/audio.ts';
import { frameOf, readByFfmpeg } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';

test('a long video is rendered by child jobs, and joined without a seam', async () => {
  // What finds vi.hoisted does not know `await using`.
  const files = await studio();
  onTestFinished(() => files[Symbol.asyncDispose]());
  const alice = await given.user();
  const { id: project } = await alice.project();
  const song = await files.make('song.wav', '-f', 'lavfi', '-i', 'sine=d=10:r=48000');
  await readyMedium(alice, project, song);
  const images: { image: string }[] = [];
  for (let n = 0; n < 12; n++) {
    const source = `color=0x${(n * 20).toString(16).padStart(2, '0').repeat(3)}:s=320x180`;
    const path = await files.make(`${n}.png`, '-f', 'lavfi', '-i', source, '-frames:v', '1');
    const { id } = await readyMedium(alice, project, path, 'images', { contentType: 'image/png' });
    images.push({ image: id });
  }
  const picture = { type: 'SLIDESHOW', images, crossfade: 0.2 };
  const titles = [{ text: 'A title', from: 0, to: 9, position: 'BOTTOM' }];
  const settings = { resolution: 360, fps: 30, picture, titles };
  const made = await exported(alice, { project, format: 'MP4', settings });
  expect(made.error).toBeUndefined();
  const children = await Job.collection.countDocuments({ parent: new UUID(made.job) });
  expect(children).toBeGreaterThan(1);

  const path = await files.write('made.mp4', await fileOf(alice, made));
  const { seconds, video } = await readByFfmpeg(path);
  expect(Math.abs(seconds - 10)).toBeLessThan(0.04);
  expect(video).toMatchObject({ width: 640, height: 360 });
  for (let n = 0; n < 12; n++) {
    const [level = 0] = await frameOf(path, (n + 0.7) * (10 / 12));
    expect(Math.abs(level - n * 20), `image ${n}`).toBeLessThan(8);
  }
  await until(
    'the parts are gone',
    async () => (await keysOf(alice, made, 'exports')).length === 1,
  );
});
