import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { endWithParent } from '../process/end-with-parent.ts';

/**
 * Runs a program to its end and returns what it printed.
 * @param timeout ms after which it is ended
 * @throws Error with its last lines when it fails
 */
export function run(
  command: string,
  args: string[],
  { env = {}, cwd, timeout }: { env?: Record<string, string>; cwd?: string; timeout?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...{ cwd, timeout, stdio: 'pipe' },
      env: { ...process.env, ...env },
    });
    endWithParent(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} failed: ${summarize(output)}`));
    });
  });
}

/** The last lines that a program printed, without where in its code a program of Node failed. */
function summarize(output: string): string {
  const lines = output.split('\n').filter((line) => line && !/^\s+at |^Node\.js v/.test(line));
  return lines.slice(-3).join(' ');
}

/** Finds the first executable of that name on PATH. */
export async function findOnPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    if (folder && (await isExecutable(file))) return file;
  }
  return undefined;
}

/** Whether a file exists and may be executed. */
export function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
