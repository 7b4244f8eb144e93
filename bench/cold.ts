import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { weighAll } from '../scripts/package/weigh.ts';
import { createPlace, migrate, readDeployment, startTools } from '../src/local/cloud.ts';
import { ROOT } from './ours.ts';
import { callBundle, measureStarts, timeStart } from './start.ts';
import { median } from './statistics.ts';

const BUNDLES = join(ROOT, '.esbuild/.build/functions');
const REPEATS = 15;
const PRINT_CPU =
  'const { user, system } = process.cpuUsage(); console.log(0, (user + system) / 1000)';
const SIZE = { users: 1, projects: 30, tracks: 1 };

/**
 * Measures and prints the start of a packaged function, the time of its own code when warm, its
 * memory and its size.
 */
export async function measureColdStart(): Promise<void> {
  const bundle = pathToFileURL(join(BUNDLES, 'projects.mjs'));
  if (!existsSync(bundle)) throw new Error('There are no bundles: `npm run package` makes them.');
  const dir = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  const tools = await startTools({ dir });
  try {
    const deployment = readDeployment(ROOT);
    Object.assign(process.env, await createPlace(tools.info, deployment, 'bench_cold'), {
      LOG_LEVEL: 'ERROR',
      CALLS_PER_MINUTE: '1000000000',
    });
    await migrate(deployment);
    const { disconnect, fill, formatId, signToken } = await import('./fill.ts');
    const { measureOwnCode } = await import('./own-code.ts');
    await fill(SIZE);
    const path = '/v1/projects';
    const one = { method: 'GET', path: `${path}/${formatId('project', 0)}`, token: signToken(0) };
    const found = await measureStarts(
      {
        'an empty Node': () => timeStart(['-e', PRINT_CPU]),
        'to an answer without the database (OPTIONS)': () =>
          callBundle(bundle, { method: 'OPTIONS', path }, 204),
        'to an answer with it (GET of one)': () => callBundle(bundle, one, 200),
      },
      REPEATS,
    );
    console.log(`Node ${process.version}; a start is the median of ${REPEATS}.\n`);
    console.log('| a CRUD function, `projects` | |\n|---|---|');
    for (const [name, starts] of Object.entries(found)) {
      const [ms, cpu] = [starts.map((one) => one.ms), starts.map((one) => one.cpu)];
      printRow(`start: ${name}`, `${round(median(ms))} ms, CPU ${round(median(cpu))} ms`);
    }
    const { memory } = await callBundle(bundle, one, 200, { again: 3000 });
    printRow('memory after 3000 calls', `${round(memory)} MB`);
    for (const [name, us] of Object.entries(
      await measureOwnCode(formatId('project', 0), signToken(0)),
    )) {
      printRow(`own code, warm, without the database: ${name}`, `${round(us)} µs`);
    }
    const crud = weighAll('x86_64').filter(({ isCrud }) => isCrud);
    const largest = Math.max(...crud.map((weight) => weight.start));
    printRow('JavaScript read at the start, the largest of all', `${round(largest / 1000)} KB`);
    await disconnect();
  } finally {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function printRow(what: string, figure: string): void {
  console.log(`| ${what} | ${figure} |`);
}

function round(number: number): string {
  return number.toFixed(0);
}
