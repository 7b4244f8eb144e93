import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath, run } from '../src/local/tools/run.ts';

/** An HTTP request that is sent again and again. */
export interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/**
 * The result of a load: times in ms; `failed` counts responses of 400 and above, and lost
 * connections.
 */
export interface Counted {
  requests: number;
  seconds: number;
  p50: number;
  p99: number;
  failed: number;
}

/** @throws Error that says how to get wrk, when it is missing */
export async function requireWrk(): Promise<void> {
  if (await findOnPath('wrk')) return;
  throw new Error('The load comes from wrk: `apt-get install wrk`, or `brew install wrk`.');
}

/** Sends the requests in turn over persistent connections, for a number of seconds. */
export async function load(
  base: string,
  requests: Sent[],
  connections: number,
  seconds: number,
): Promise<Counted> {
  const folder = await mkdtemp(join(tmpdir(), 'mixdown-bench-'));
  try {
    const pool = join(folder, 'requests');
    const { host } = new URL(base);
    await writeFile(pool, requests.map((sent) => formatRequest(sent, host)).join('\0'));
    const script = fileURLToPath(new URL('./wrk.lua', import.meta.url));
    const how = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script];
    const said = await run('wrk', [...how, base, '--', pool]);
    const line = /^@(\{.*\})$/m.exec(said)?.[1];
    if (!line) throw new Error(`wrk counted nothing: ${said}`);
    return JSON.parse(line) as Counted; // printed by wrk.lua
  } finally {
    await rm(folder, { recursive: true });
  }
}

function formatRequest({ method, path, headers, body }: Sent, host: string): string {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries({ host, ...headers, ...length }).map(([k, v]) => `${k}: ${v}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body ?? ''].join('\r\n');
}
