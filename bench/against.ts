import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startTools } from '../src/local/cloud.ts';
import { type Checkout, startCheckout } from './checkout.ts';
import { requireWrk } from './load.ts';
import { ROOT } from './ours.ts';
import { readPeakMemory } from './process.ts';
import { chooseWorks, measure, type Options, type Slice, warmUp } from './slices.ts';
import { callBundle, measureStarts, type Start } from './start.ts';
import { divide, median, quantile } from './statistics.ts';

const STARTS = 20;

/**
 * Measures this checkout beside another one, in slices that alternate between the two, and prints
 * for each work and for the start of a packaged function how much faster this one is.
 */
export async function compareCheckouts(options: Options, directory: string): Promise<void> {
  const other = resolve(directory);
  requireCheckout(other);
  if (options.slices < 8) throw new Error('--against needs at least 8 slices for a steady median.');
  await requireWrk();
  console.log(`this: ${describeCommit(ROOT)}\nthat: ${describeCommit(other)}, in ${directory}`);
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const tools = await startTools({ dir });
  const checkouts: Checkout[] = [];
  try {
    for (const [name, root] of [['this', ROOT] as const, ['that', other] as const]) {
      const place = { name, root, dir: join(dir, name) };
      checkouts.push(await startCheckout({ ...place, tools: tools.info, size: options }));
    }
    const works = chooseWorks(options);
    for (const checkout of checkouts) await warmUp(checkout, works, options);
    console.log(`Node ${process.version}, ${options.connections} connections, verified and warm.`);
    console.log('A ratio above 1 means that this checkout is faster, or needs less CPU.\n');
    console.log('| | this | that | speed | middle half | CPU this | CPU that | CPU |');
    console.log('|---|---|---|---|---|---|---|---|');
    for (const work of works) {
      const [own = [], theirs = []] = await measure(work, checkouts, options);
      print(`${work.name} ${work.title}`, own, theirs);
    }
    for (const [title, own, theirs] of await startInTurn(checkouts)) {
      print(title, own, theirs);
    }
    const memory = checkouts.map(({ name, pid }) => `${name} ${readPeakMemory(pid).toFixed(0)}`);
    console.log(
      `\nRequests a second, CPU in µs a request; starts in ms. Peak memory, MB: ${memory.join(', ')}`,
    );
  } finally {
    for (const checkout of checkouts) await checkout.stop();
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function requireCheckout(root: string): void {
  for (const needed of ['bench/ours.ts', 'scripts/package/esbuild.ts', 'node_modules']) {
    if (existsSync(join(root, needed))) continue;
    throw new Error(
      `${root} has no ${needed}: --against needs a checkout, after \`npm ci\` in it.`,
    );
  }
}

function describeCommit(root: string): string {
  const git = ['-C', root, 'describe', '--always', '--dirty'];
  return execFileSync('git', git, { encoding: 'utf8' }).trim();
}

/** Bundles a function of each checkout, and starts the two in turn. */
async function startInTurn(checkouts: Checkout[]): Promise<[string, Start[], Start[]][]> {
  const withoutDatabase: Record<string, () => Promise<Start>> = {};
  const withDatabase: Record<string, () => Promise<Start>> = {};
  for (const { name, root, dir, env, readProject } of checkouts) {
    const bundle = await bundleProjects(root, join(dir, 'bundle'));
    const read = await readProject();
    const preflight = { method: 'OPTIONS', path: '/v1/projects' };
    withoutDatabase[name] = () => callBundle(bundle, preflight, 204, { env });
    withDatabase[name] = () => callBundle(bundle, read, 200, { env });
  }
  const first = await measureStarts(withoutDatabase, STARTS);
  const second = await measureStarts(withDatabase, STARTS);
  return [
    ['start, to an answer without the database', first.this ?? [], first.that ?? []],
    ['start, to an answer with it', second.this ?? [], second.that ?? []],
  ];
}

async function bundleProjects(root: string, folder: string): Promise<URL> {
  await mkdir(folder, { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const script = fileURLToPath(new URL('../scripts/package/bundle.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [script, 'projects', folder], { cwd: root });
  return pathToFileURL(join(folder, '.esbuild/.build/functions/projects.mjs'));
}

function print(title: string, own: Measured[], theirs: Measured[]): void {
  const speeds = divide(own.map(computeSpeed), theirs.map(computeSpeed));
  const [cpu, theirCpu] = [own.map((m) => m.cpu), theirs.map((m) => m.cpu)];
  const cells = [
    title,
    median(own.map(chooseFigure)).toFixed(0),
    median(theirs.map(chooseFigure)).toFixed(0),
    median(speeds).toFixed(2),
    `${quantile(speeds, 0.25).toFixed(2)} to ${quantile(speeds, 0.75).toFixed(2)}`,
    median(cpu).toFixed(0),
    median(theirCpu).toFixed(0),
    median(divide(theirCpu, cpu)).toFixed(2),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

type Measured = Slice | Start;

function chooseFigure(measured: Measured): number {
  return 'ms' in measured ? measured.ms : measured.perSecond;
}

function computeSpeed(measured: Measured): number {
  return 'ms' in measured ? 1000 / measured.ms : measured.perSecond;
}
