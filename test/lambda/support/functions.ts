import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DeployedFunction } from '../../../src/local/deployment/types.ts';
import type { Load } from '../../../src/local/invoke/handler.ts';
import { findEmulator } from './emulator.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { providePackage, unzip } from './package.ts';

/** The packaged functions, each in execution environments of its own. */
export interface PackagedFunctions {
  /** How the local cloud calls them. */
  load: Load;
  /** Ends the environments of a function: its next call is a cold start. */
  restart(name: string): Promise<void>;
  /** What a function has logged, in all its environments. */
  log(name: string): string;
  stop(): Promise<void>;
}

/** Prepares them; an environment is started when no other of its function is free. */
export async function preparePackaged(env: Record<string, string>): Promise<PackagedFunctions> {
  const [emulator] = await Promise.all([findEmulator(), providePackage()]);
  const dir = mkdtempSync(join(tmpdir(), 'mixdown-lambda-'));
  const started: { name: string; environment: Environment }[] = [];
  const free = new Map<string, Environment[]>();
  const code = new Map<string, Promise<string>>();

  async function start(fn: DeployedFunction): Promise<Environment> {
    const { name, file, exportName, environment } = fn;
    if (!code.has(name)) code.set(name, unzip(name, dir));
    const folder = (await code.get(name)) as string;
    const handler = `functions/${basename(file, '.ts')}.${exportName}`;
    const all = { ...environment, ...env };
    const fresh = await startEnvironment(emulator, folder, handler, fn, all);
    started.push({ name, environment: fresh });
    return fresh;
  }

  async function invoke(fn: DeployedFunction, event: unknown): Promise<unknown> {
    const idle = free.get(fn.name) ?? [];
    free.set(fn.name, idle);
    const environment = idle.pop() ?? (await start(fn));
    try {
      return await environment.invoke(event);
    } finally {
      if (free.get(fn.name) === idle) idle.push(environment);
    }
  }

  async function stopAll(which: typeof started): Promise<void> {
    await Promise.all(which.map(({ environment }) => environment.stop()));
  }

  return {
    load: async (fn) => (event) => invoke(fn, event),
    restart: (name) => {
      free.delete(name);
      return stopAll(started.filter((one) => one.name === name));
    },
    log: (name) =>
      started.flatMap((one) => (one.name === name ? one.environment.log() : [])).join(''),
    stop: async () => {
      await stopAll(started);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
