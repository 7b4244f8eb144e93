import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Reads the CPU seconds that a process and its descendants have used; NaN without /proc. */
export function readCpuSeconds(pid: number): number {
  const ticks = findFamily(pid).map((one) => one.ticks);
  return ticks.length > 0 ? sum(ticks) / TICKS_PER_SECOND : Number.NaN;
}

/** Reads the peak memory of a process and its descendants, in MB. */
export function readPeakMemory(pid: number): number {
  const kb = findFamily(pid).map((one) => {
    const status = readOrNothing(`/proc/${one.pid}/status`);
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  });
  return sum(kb) / 1024;
}

interface Process {
  pid: number;
  parent: number;
  ticks: number;
}

function findFamily(pid: number): Process[] {
  const all = listProcesses();
  const found = all.filter((one) => one.pid === pid);
  // The iteration includes items that are added meanwhile.
  for (const one of found) found.push(...all.filter((other) => other.parent === one.pid));
  return found;
}

function listProcesses(): Process[] {
  if (!existsSync('/proc/self')) return []; // macOS
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readOrNothing(`/proc/${name}/stat`);
      // After the name, which may contain anything: state, parent, …, user and system ticks.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields.length < 13) return [];
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    });
}

/** Reads a file of a process, which may end meanwhile. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
