// `npm run bench:renders [-- --rounds 3 --kinds SONG,SLIDESHOW]`: how long renders take, from S3 to the file,
// beside ffmpeg alone making the same. Compare the ratios; absolute times depend on the machine.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RenderKind } from '../bench/renders/inputs.ts';
import { divide, median } from '../bench/statistics.ts';
import { createPlace, readDeployment, startTools } from '../src/local/cloud.ts';
import { formatTable } from './docs/markdown.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, kinds: { type: 'string' } },
});
const folder = await mkdtemp(join(tmpdir(), 'mixdown-bench-renders-'));
const tools = await startTools({ dir: join(folder, 'tools'), log: () => undefined });
try {
  const deployment = readDeployment(new URL('..', import.meta.url).pathname);
  const env = await createPlace(tools.info, deployment, 'bench');
  Object.assign(process.env, env, { LOG_LEVEL: 'ERROR' });
  await measure(tools.info.ffmpeg);
} finally {
  await tools.stop();
  await rm(folder, { recursive: true, force: true });
}

async function measure(ffmpeg: string): Promise<void> {
  // They read the settings.
  const { makeOriginals, planRender, RENDER_KINDS } = await import('../bench/renders/inputs.ts');
  const { renderPlainly } = await import('../bench/renders/plain.ts');
  const { renderSoundFile } = await import('../src/services/exports/sound/render-sound.ts');
  const { prepareVideo, renderHere } = await import(
    '../src/services/exports/picture/render-video.ts'
  );
  const originals = await makeOriginals(ffmpeg, folder);
  const ours = async (kind: RenderKind) => {
    const workDir = await mkdtemp(join(folder, 'ours-'));
    const dir = { workDir, ffmpeg, signal: new AbortController().signal };
    const plan = planRender(originals, kind);
    if (!plan.picture) await renderSoundFile(dir, plan, () => {});
    else await renderHere(dir, plan, await prepareVideo(dir, plan, () => {}), () => {});
    await rm(workDir, { recursive: true });
  };
  const plain = async (kind: RenderKind) => {
    const workDir = join(folder, 'plain');
    await mkdir(workDir);
    await renderPlainly(ffmpeg, workDir, originals, kind);
    await rm(workDir, { recursive: true });
  };
  const [load = 0] = loadavg();
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}, Node ${process.version}\n`);
  const rows: string[][] = [];
  const wanted = (values.kinds?.split(',') ?? Object.keys(RENDER_KINDS)) as RenderKind[];
  for (const kind of wanted) {
    const times = { ours: [] as number[], plain: [] as number[] };
    // In turn, so that a busy moment of the machine affects both.
    for (let round = 0; round < Number(values.rounds); round++) {
      times.plain.push(await time(() => plain(kind)));
      times.ours.push(await time(() => ours(kind)));
    }
    const ratio = median(divide(times.ours, times.plain));
    rows.push([
      ...[RENDER_KINDS[kind], median(times.ours).toFixed(1), median(times.plain).toFixed(1)],
      ratio.toFixed(2),
    ]);
  }
  console.log(formatTable(['', 'ours, s', 'ffmpeg alone, s', 'ours ÷ ffmpeg'], rows));
}

async function time(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
