import { lstat, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { log } from '../../providers/log.ts';
import { BORN, makeScratchDir, type ScratchDir } from './scratch-folder.ts';

/**
 * A new folder, removed with all in it at the end of `await using`. Before the first one of a process those
 * go that processes have left which were killed: on Lambda, what is in /tmp outlives them.
 */
export async function openScratchDir(): Promise<ScratchDir> {
  swept ??= sweep(tmpdir()).catch(tell);
  await swept;
  return makeScratchDir();
}

let swept: Promise<void> | undefined;

const NAME = /^mixdown-work-(\d+)-(\d+)-\w+$/;

async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, pid, born] = NAME.exec(name) ?? [];
    if (!pid || isInUse(Number(pid), Number(born))) continue;
    await removeOurs(join(parent, name)).catch(tell);
  }
}

async function removeOurs(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return;
  await rm(path, { recursive: true, force: true });
}

/** Another process may be removing it, too; and what stays only takes room. */
function tell(error: Error): void {
  log.warn('What a process left that is gone could not be removed.', { error });
}

function isInUse(pid: number, born: number): boolean {
  if (pid === process.pid) return born === BORN;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
