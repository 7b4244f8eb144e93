import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** How a script ended, and what it wrote. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a script of this repository as npm does, without a terminal. */
export async function run(
  script: string,
  args: string[],
  env: Record<string, string> = {},
  root = new URL('../../', import.meta.url),
): Promise<Ended> {
  const file = fileURLToPath(new URL(`scripts/${script}.ts`, root));
  return ran([file, ...args], env);
}

/** Runs Node to its end, without a terminal. */
export async function ran(
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Promise<Ended> {
  const { FORCE_COLOR, ...rest } = process.env; // the test runner's own
  const child = spawn(process.execPath, args, {
    env: { ...rest, NO_COLOR: '1', ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}
