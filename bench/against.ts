import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startTools, type ToolsInfo } from '../src/local/cloud.ts';
import { type Checkout, startCheckout } from './checkout.ts';
import { requireWrk } from './load.ts';
import { ROOT } from './ours.ts';
import { readPeakMemory } from './process.ts';
import { chooseWorks, measure, type Options, type Slice, warmUp } from './slices.ts';
import { callBundle, measureStarts, type Start } from './start.ts';
import { divide, median, quantile } from './statistics.ts';

const STARTS = 20;

/** What was measured of one work or start: of this checkout, and of the other. */
type Row = [title: string, own: Measured[], theirs: Measured[]];

/**
 * Measures this checkout beside another one, in slices that alternate between the two, and prints
 * for each work and for the start of a packaged function how much faster this one is.
 *
 * Two processes of one checkout differ by a tenth and more for as long as they live: what V8
 * optimizes, and where their memory lies, is decided anew in each. So the slices are spread over
 * several processes of each checkout.
 */
export async function compareCheckouts(
  options: Options & { processes: number },
  directory: string,
): Promise<void> {
  const other = resolve(directory);
  requireCheckout(other);
  const { slices, processes, connections } = options;
  if (slices < 8) throw new Error('--against needs at least 8 slices for a steady median.');
  await requireWrk();
  console.log(`this: ${describeCommit(ROOT)}\nthat: ${describeCommit(other)}, in ${directory}`);
  console.log(
    `Node ${process.version}, ${connections} connections, ${processes} processes of each.`,
  );
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const tools = await startTools({ dir });
  const rows = new Map<string, Row>();
  const memory = [0, 0];
  try {
    for (let n = 0; n < processes; n++) {
      const pair = await startPair(n, { dir, other, tools: tools.info, size: options });
      try {
        const share = { ...options, slices: Math.ceil(slices / processes) };
        const measured = await measureWorks(pair, share);
        // Each start is a process of its own anyway.
        if (n === processes - 1) measured.push(...(await startInTurn(pair)));
        for (const [title, own, theirs] of measured) {
          const [, before = [], theirsBefore = []] = rows.get(title) ?? [];
          rows.set(title, [title, [...before, ...own], [...theirsBefore, ...theirs]]);
        }
        for (const [i, { pid }] of pair.entries()) {
          memory[i] = Math.max(memory[i] ?? 0, readPeakMemory(pid));
        }
      } finally {
        for (const checkout of pair) await checkout.stop();
      }
      console.log(`${n + 1} of ${processes} processes of each are measured.`);
    }
  } finally {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
  console.log('\nA ratio above 1 means that this checkout is faster, or needs less CPU.\n');
  console.log('| | this | that | speed | middle half | CPU this | CPU that | CPU |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const row of rows.values()) print(...row);
  const [own = 0, theirs = 0] = memory;
  const peak = `this ${own.toFixed(0)}, that ${theirs.toFixed(0)}`;
  console.log(`\nRequests a second, CPU in µs a request; starts in ms. Peak memory, MB: ${peak}`);
}

/** Starts a process of this checkout and one of the other, of which either is the first in turn. */
async function startPair(
  n: number,
  { dir, other, ...options }: { dir: string; other: string; tools: ToolsInfo; size: Options },
): Promise<Checkout[]> {
  const kinds = [
    ['this', ROOT],
    ['that', other],
  ] as const;
  const started: Checkout[] = [];
  try {
    for (const [kind, root] of n % 2 ? kinds.toReversed() : kinds) {
      const name = `${kind}_${n}`;
      started.push(await startCheckout({ ...options, root, name, dir: join(dir, name) }));
    }
  } catch (error) {
    for (const checkout of started) await checkout.stop();
    throw error;
  }
  return n % 2 ? started.toReversed() : started;
}

async function measureWorks(pair: Checkout[], options: Options): Promise<Row[]> {
  const works = chooseWorks(options);
  for (const checkout of pair) await warmUp(checkout, works, options);
  const rows: Row[] = [];
  for (const work of works) {
    const [own = [], theirs = []] = await measure(work, pair, options);
    rows.push([`${work.name} ${work.title}`, own, theirs]);
  }
  return rows;
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
async function startInTurn(checkouts: Checkout[]): Promise<Row[]> {
  const withoutDatabase: Record<string, () => Promise<Start>> = {};
  const withDatabase: Record<string, () => Promise<Start>> = {};
  for (const [index, { root, dir, env, readProject }] of checkouts.entries()) {
    const bundle = await bundleProjects(root, join(dir, 'bundle'));
    const read = await readProject();
    const preflight = { method: 'OPTIONS', path: '/v1/projects' };
    withoutDatabase[index] = () => callBundle(bundle, preflight, 204, { env });
    withDatabase[index] = () => callBundle(bundle, read, 200, { env });
  }
  const first = await measureStarts(withoutDatabase, STARTS);
  const second = await measureStarts(withDatabase, STARTS);
  return [
    ['start, to an answer without the database', first[0] ?? [], first[1] ?? []],
    ['start, to an answer with it', second[0] ?? [], second[1] ?? []],
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
