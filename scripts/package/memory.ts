import { readdirSync, readFileSync } from 'node:fs';

/** What packaging may take, in bytes: it has to run on a small machine, too. */
export const MEMORY_LIMIT = 2_000_000_000;

const EVERY_MS = 50;

/** Watches the memory of this process and of all that it starts, on Linux; elsewhere the peak is 0. */
export function watchMemory(): { readPeak(): number } {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, sumMemory(process.pid));
  };
  look();
  setInterval(look, EVERY_MS).unref();
  return { readPeak: () => peak };
}

/** The resident memory of a process and its descendants, in bytes; pages that they share count for each. */
export function sumMemory(pid: number): number {
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
  return 1024 * kilobytes + listChildren(pid).reduce((sum, child) => sum + sumMemory(child), 0);
}

/** Each thread has a list of its own of the processes that it started. */
function listChildren(pid: number): number[] {
  return listThreads(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function listThreads(pid: number): string[] {
  return unlessGone([], () => readdirSync(`/proc/${pid}/task`));
}

function read(file: string): string {
  return unlessGone('', () => readFileSync(file, 'utf8'));
}

/** A process may end while we look at it. */
function unlessGone<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error && error.code;
    if (code === 'ENOENT' || code === 'ESRCH') return otherwise;
    throw error;
  }
}
