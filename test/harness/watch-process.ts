import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** What a process and its programs hold, as Linux tells it in /proc. */
export interface Watched {
  /** MB at the highest since it was last asked: of the process, and of the largest of its programs. */
  peaks(): { own: number; program: number };
  /** Programs that were seen with a socket of the internet since it was last asked. */
  callers(): string[];
  /** Programs that it has now. */
  programs(): string[];
  stop(): void;
}

const EVERY_MS = 15;
const PROGRAMS = ['prlimit', 'ffmpeg'];

/** Looks at a process many times a second. A program that lives shorter is not seen. */
export function watch(pid: number): Watched {
  let program = 0;
  const callers = new Set<string>();
  const look = () => {
    // What has only just been forked still is a copy of its parent, with all that it has open.
    for (const child of childrenOf(pid).filter((one) => PROGRAMS.includes(nameOf(one)))) {
      program = Math.max(program, peakOf(child));
      if (hasInternet(child)) callers.add(nameOf(child));
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    peaks() {
      const found = { own: peakOf(pid), program };
      program = 0;
      // Forgets the highest so far. Source: proc(5), /proc/pid/clear_refs.
      writeFileSync(`/proc/${pid}/clear_refs`, '5');
      return found;
    },
    callers() {
      const found = [...callers];
      callers.clear();
      return found;
    },
    programs: () => childrenOf(pid).map(nameOf).filter(Boolean),
    stop: () => clearInterval(timer),
  };
}

function childrenOf(pid: number): number[] {
  return text(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(text(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

const nameOf = (pid: number) => text(`/proc/${pid}/comm`).trim();

function hasInternet(pid: number): boolean {
  const open = sockets(pid);
  if (open.length === 0) return false;
  const known = ['tcp', 'tcp6', 'udp', 'udp6', 'raw'].flatMap((kind) =>
    text(`/proc/${pid}/net/${kind}`)
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[9] ?? ''),
  );
  return open.some((inode) => known.includes(inode));
}

function sockets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode ?? [];
    });
  } catch {
    return []; // it has ended meanwhile
  }
}

/** A process may end while we look. */
function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
