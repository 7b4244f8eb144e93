import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { weighAll } from '../scripts/package/weigh.ts';
import { createPlace, migrate, readDeployment, startTools } from '../src/local/cloud.ts';
import { median } from './compare.ts';
import { eventOf } from './event.ts';
import { ROOT } from './ours.ts';

const BUNDLES = join(ROOT, '.esbuild/.build/functions');
const REPEATS = 15;
const SIZE = { users: 1, projects: 30, tracks: 1 };

/** Prints what a packaged function costs: its start, its own code when warm, its memory, its size. */
export async function cold(): Promise<void> {
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
    const { disconnect, fill, idText, tokenOf } = await import('./fill.ts');
    const { ownCode } = await import('./own-code.ts');
    await fill(SIZE);
    const path = '/v1/projects';
    const one = { method: 'GET', path: `${path}/${idText('project', 0)}`, token: tokenOf(0) };
    const starts = {
      'an empty Node': () =>
        start('-e', [
          'const { user, system } = process.cpuUsage(); console.log(0, (user + system) / 1000)',
        ]),
      'to an answer without the database (OPTIONS)': () =>
        call(bundle, { method: 'OPTIONS', path }, 204),
      'to an answer with it (GET of one)': () => call(bundle, one, 200),
    };
    const found: Record<string, { ms: number; cpu: number }[]> = {};
    for (let i = -1; i < REPEATS; i++) {
      for (const [name, once] of Object.entries(starts)) {
        const took = await once();
        if (i >= 0) found[name] = [...(found[name] ?? []), took]; // the first warms the page cache
      }
    }
    console.log(`Node ${process.version}; a start is the median of ${REPEATS}.\n`);
    console.log('| a CRUD function, `projects` | |\n|---|---|');
    for (const [name, starts] of Object.entries(found)) {
      const [ms, cpu] = [starts.map((one) => one.ms), starts.map((one) => one.cpu)];
      row(`start: ${name}`, `${round(median(ms))} ms, CPU ${round(median(cpu))} ms`);
    }
    const { memory } = await call(bundle, one, 200, 3000);
    row('memory after 3000 calls', `${round(memory)} MB`);
    for (const [name, us] of Object.entries(await ownCode(idText('project', 0), tokenOf(0)))) {
      row(`own code, warm, without the database: ${name}`, `${round(us)} µs`);
    }
    const crud = weighAll().filter(({ isCrud }) => isCrud);
    const largest = Math.max(...crud.map((weight) => weight.start));
    row('JavaScript read at the start, the largest of all', `${round(largest / 1000)} KB`);
    await disconnect();
  } finally {
    await tools.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function row(what: string, figure: string): void {
  console.log(`| ${what} | ${figure} |`);
}

async function call(
  bundle: URL,
  request: Parameters<typeof eventOf>[0],
  status: number,
  again = 0,
): Promise<{ ms: number; cpu: number; memory: number }> {
  const EVENT = JSON.stringify(eventOf(request));
  const runner = fileURLToPath(new URL('./first-answer.mjs', import.meta.url));
  const { ms, cpu, said } = await start(runner, [bundle.href, String(again)], { EVENT });
  const [answered, memory] = said.split('\n').map((line) => Number.parseFloat(line));
  if (answered !== status) throw new Error(`The function answered ${said}`);
  return { ms, cpu, memory: memory ?? Number.NaN };
}

/** From before the process is made until it first says something: a number, and the CPU time that it has used. */
function start(file: string, args: string[], env: Record<string, string> = {}) {
  return new Promise<{ ms: number; cpu: number; said: string }>((resolve, reject) => {
    const began = performance.now();
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, ...env },
      stdio: [...stdio],
    });
    let ms = 0;
    let said = '';
    child.stdout?.on('data', (chunk) => {
      ms ||= performance.now() - began;
      said += chunk;
    });
    child
      .on('error', reject)
      .on('close', () => resolve({ ms, cpu: Number(said.split(/\s/)[1]), said }));
  });
}

function round(number: number): string {
  return number.toFixed(0);
}
