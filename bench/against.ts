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
import { chooseWorks, measure, type Options, type Slice, warmUp } from './slices.ts';
import { callBundle, measureStarts, type Start } from './start.ts';
import { divide, median, quantile } from './statistics.ts';

const STARTS = 20;

/** What was measured of one work or start: of this checkout, and of the other. */
type Found = Map<string, { own: Measured[]; theirs: Measured[] }>;

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
  const found: Found = new Map();
  try {
    for (let n = 0; n < processes; n++) {
      const pair = { dir, tools: tools.info, other, isLast: n === processes - 1 };
      await measurePair(found, { ...options, slices: Math.ceil(slices / processes) }, n, pair);
      console.log(`${n + 1} of ${processes} processes of each are measured.`);
    }
  } finally {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
  console.log('\nA ratio above 1 means that this checkout is faster, or needs less CPU.\n');
  console.log('| | this | that | speed | middle half | CPU this | CPU that | CPU |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const [title, { own, theirs }] of found) print(title, own, theirs);
  console.log('\nRequests a second, CPU in µs a request; starts in ms.');
}

/** Starts one process of each checkout, by turns this or the other one first, and adds what is measured of them. */
async function measurePair(
  found: Found,
  options: Options,
  n: number,
  { dir, tools, other, isLast }: { dir: string; tools: ToolsInfo; other: string; isLast: boolean },
): Promise<void> {
  const checkouts: Checkout[] = [];
  const start = async (kind: string, root: string) => {
    const name = `${kind}_${n}`;
    const checkout = await startCheckout({
      root,
      name,
      dir: join(dir, name),
      tools,
      size: options,
    });
    checkouts[kind === 'this' ? 0 : 1] = checkout;
  };
  const add = (title: string, own: Measured[] = [], theirs: Measured[] = []) => {
    const sofar = found.get(title) ?? { own: [], theirs: [] };
    found.set(title, { own: [...sofar.own, ...own], theirs: [...sofar.theirs, ...theirs] });
  };
  try {
    const turns: [string, string][] = [
      ['this', ROOT],
      ['that', other],
    ];
    for (const turn of n % 2 ? turns.toReversed() : turns) await start(...turn);
    const works = chooseWorks(options);
    for (const checkout of checkouts) await warmUp(checkout, works, options);
    for (const work of works) {
      add(`${work.name} ${work.title}`, ...(await measure(work, checkouts, options)));
    }
    if (isLast) for (const measured of await startInTurn(checkouts)) add(...measured);
  } finally {
    for (const checkout of checkouts) await checkout?.stop();
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
async function startInTurn(
  checkouts: Checkout[],
): Promise<[title: string, own: Start[], theirs: Start[]][]> {
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
