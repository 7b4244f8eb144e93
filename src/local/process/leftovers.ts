import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isSame, type ProcessIdentity, readBirth } from './identity.ts';

/** Writes the identity of a running child into a folder, where the next start looks for it. */
export function noteChild(folder: string, name: string, pid: number | undefined): void {
  if (pid === undefined) return;
  mkdirSync(folder, { recursive: true });
  const identity: ProcessIdentity = { pid, born: readBirth(pid) };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(identity));
}

/**
 * Ends the children of a run that was killed. They are already ending (`endWithParent`), but may
 * still hold the files of the database and the ports.
 */
export async function endLeftovers(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await Promise.all(
    readdirSync(folder).map(async (name) => {
      const file = join(folder, name);
      const identity = read(file);
      if (identity) await endProcess(identity);
      rmSync(file, { force: true });
    }),
  );
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  signal(identity, 'SIGTERM');
  for (let waited = 0; isSame(identity); waited += 20) {
    if (waited === 3000) signal(identity, 'SIGKILL');
    if (waited > 10_000) throw new Error(`Process ${identity.pid} of the last run does not end`);
    await pause(20);
  }
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isSame(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function read(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity; // written above
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // the run was killed while it wrote the file
    throw error;
  }
}
