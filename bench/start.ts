import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeEvent } from './event.ts';

/**
 * How long a process took to its first line, in ms, the CPU time that it had used by then, and all
 * that it printed.
 */
export interface Start {
  ms: number;
  cpu: number;
  said: string;
}

/**
 * Starts a packaged function in a process of its own, and calls it once, then `again` times more.
 * `memory` is in MB.
 */
export async function callBundle(
  bundle: URL,
  request: Parameters<typeof makeEvent>[0],
  status: number,
  { again = 0, env = {} }: { again?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Start & { memory: number }> {
  const EVENT = JSON.stringify(makeEvent(request));
  const runner = fileURLToPath(new URL('./first-answer.mjs', import.meta.url));
  const started = await timeStart([runner, bundle.href, String(again)], { ...env, EVENT });
  const [answered, memory] = started.said.split('\n').map((line) => Number.parseFloat(line));
  if (answered !== status) throw new Error(`The function answered ${started.said}`);
  return { ...started, memory: memory ?? Number.NaN };
}

/**
 * From before the process is made until it first says something: a number, and the CPU time that it
 * has used.
 */
export function timeStart(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Start> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let ms = 0;
    let said = '';
    child.stdout.on('data', (chunk) => {
      ms ||= performance.now() - began;
      said += chunk;
    });
    child
      .on('error', reject)
      .on('close', () => resolve({ ms, cpu: Number(said.split(/\s/)[1]), said }));
  });
}

/**
 * Times starts of several kinds in turn, `repeats` of each, after one of each that warms the page
 * cache.
 */
export async function measureStarts(
  starts: Record<string, () => Promise<Start>>,
  repeats: number,
): Promise<Record<string, Start[]>> {
  const found: Record<string, Start[]> = {};
  for (let i = -1; i < repeats; i++) {
    const round = Object.entries(starts);
    for (const [name, start] of i % 2 ? round.toReversed() : round) {
      const took = await start();
      if (i >= 0) found[name] = [...(found[name] ?? []), took];
    }
  }
  return found;
}
