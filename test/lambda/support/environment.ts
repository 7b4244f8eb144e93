import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeployedFunction } from '../../../src/local/deployment/types.ts';
import { endWithParent } from '../../../src/local/process/end-with-parent.ts';
import { findFreePort } from '../../../src/local/process/ports.ts';
import { until } from '../../harness/until.ts';

/** An execution environment: a process that runs one function, one event at a time. */
export interface Environment {
  /** @throws Error what the function threw, or what the emulator refused */
  invoke(event: unknown): Promise<unknown>;
  /** What the function has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts an execution environment on the emulator.
 * @param code the folder of the unzipped package
 * @param handler as serverless.yml names it, such as `functions/tracks.handler`
 */
export async function startEnvironment(
  emulator: string,
  code: string,
  handler: string,
  { name, timeout, memory }: Pick<DeployedFunction, 'name' | 'timeout' | 'memory'>,
  env: Record<string, string>,
): Promise<Environment> {
  const [port, api] = await Promise.all([findFreePort(), findFreePort()]);
  const child = spawn(
    emulator,
    [
      ...['--log-level', 'error', '--runtime-api-address', `127.0.0.1:${api}`],
      ...['--runtime-interface-emulator-address', `127.0.0.1:${port}`],
      ...[writeBootstrap(code, memory), handler],
    ],
    {
      cwd: code,
      env: {
        ...{ PATH: process.env.PATH, TZ: ':UTC', LANG: 'en_US.UTF-8' },
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeout),
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  endWithParent(child);
  let logged = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      logged += text;
    });
  }
  await until(
    () => `the emulator of ${name} listens: ${logged}`,
    () => listens(port),
  );
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  return {
    invoke: (event) => invoke(url, event),
    log: () => logged,
    stop: () => end(child),
  };
}

/** Lambda starts Node with these flags; old space is what memory is left. */
function writeBootstrap(code: string, memory: number): string {
  const file = join(code, 'bootstrap');
  const flags = `--expose-gc --max-semi-space-size=51 --max-old-space-size=${Math.floor(memory * 0.9)}`;
  const runtime = fileURLToPath(new URL('./runtime.ts', import.meta.url));
  writeFileSync(file, `#!/bin/sh\nexec ${process.execPath} ${flags} ${runtime} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

async function invoke(url: string, event: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
  const body = await response.text();
  // The emulator hands on what a function threw with the status of a success.
  const answer = response.ok && body ? parse(body) : undefined;
  if (answer === undefined) throw new Error(`The emulator answered ${response.status}: ${body}`);
  const { errorType, errorMessage } = (answer ?? {}) as Record<string, unknown>;
  if (errorType) throw new Error(`${errorType}: ${errorMessage}`);
  return answer;
}

/** Undefined when it is no JSON: a timeout is told as text. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL'); // the runtime ends when its API is gone
  await once(child, 'exit');
}
