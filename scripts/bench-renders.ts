// `npm run bench:renders`, part of `npm run bench:jobs`: how long exports take to render, from the originals
// in S3 to the finished file, beside ffmpeg alone doing the same with local files: `-- --rounds 5` for more rounds,
// `-- --seconds 60` for longer videos.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeInputs } from '../bench/renders/inputs.ts';
import { renderSlideshow, renderSound, renderWaves } from '../bench/renders/plain.ts';
import { planSound, planVideo, showPictures, WAVES } from '../bench/renders/plans.ts';
import { divide, median } from '../bench/statistics.ts';
import { createBuckets } from '../src/local/bucket.ts';
import { readDeployment, startTools } from '../src/local/cloud.ts';
import { makeEnvironment } from '../src/local/environment.ts';
import { formatTable } from './docs/markdown.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-renders-'));
const tools = await startTools({ dir: join(dir, 'data'), log: () => undefined });
try {
  await measure();
} finally {
  await tools.stop();
  await rm(dir, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const place = { database: 'bench', bucket: 'bench-media', apiUrl: 'http://127.0.0.1' };
  const deployment = readDeployment(new URL('..', import.meta.url).pathname);
  Object.assign(process.env, makeEnvironment(tools.info, deployment, {}, place));
  await createBuckets(tools.info.s3, place.bucket);
  const { render, store } = await import('../bench/renders/ours.ts');
  const { ffmpeg } = tools.info;
  const { songs, pictures } = await makeInputs(ffmpeg, dir);
  const stored = await Promise.all(songs.map(store));
  const shown = showPictures(await Promise.all(pictures.map(store)));
  const [song, first] = [songs[0] as string, stored[0] as (typeof stored)[0]];
  const plain = { ffmpeg, folder: dir };
  const kinds = [
    { title: 'MP3, three songs', plan: planSound(stored), alone: () => renderSound(plain, songs) },
    {
      title: `MP4, slideshow, ${seconds} s`,
      plan: planVideo(first, shown, seconds),
      alone: () => renderSlideshow(plain, song, pictures, seconds),
    },
    {
      title: `MP4, waveform, ${seconds} s`,
      plan: planVideo(first, WAVES, seconds),
      alone: () => renderWaves(plain, song, seconds),
    },
  ];
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}\n`);
  const rows: string[][] = [];
  for (const { title, plan, alone } of kinds) {
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      floor.push(await timeSeconds(alone));
      const workDir = join(dir, 'work');
      await mkdir(workDir);
      const { signal } = new AbortController();
      ours.push(await timeSeconds(() => render({ workDir, ffmpeg, signal }, plan)));
      await rm(workDir, { recursive: true });
    }
    const ratio = median(divide(ours, floor));
    rows.push([title, median(floor).toFixed(1), median(ours).toFixed(1), ratio.toFixed(2)]);
  }
  console.log(formatTable(['export', 'ffmpeg alone, s', 'ours, s', 'ours ÷ ffmpeg'], rows));
}

async function timeSeconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
