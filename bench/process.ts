import { existsSync, readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU seconds that a process and its descendants have used; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  const ticks = family(pid).map((one) => one.ticks);
  return ticks.length > 0 ? sum(ticks) / TICKS_PER_SECOND : Number.NaN;
}

/** The most memory a process and its descendants have held, in MB. */
export function peakMemory(pid: number): number {
  const kb = family(pid).map((one) => {
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

function family(pid: number): Process[] {
  const all = processes();
  const found = all.filter((one) => one.pid === pid);
  // A list that grows is walked to its end.
  for (const one of found) found.push(...all.filter((other) => other.parent === one.pid));
  return found;
}

function processes(): Process[] {
  if (!existsSync('/proc/self')) return []; // macOS
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readOrNothing(`/proc/${name}/stat`);
      // Behind the name, which may hold anything: state, parent, …, user and system ticks.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields.length < 13) return [];
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    });
}

/** A process may end while we look. */
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
