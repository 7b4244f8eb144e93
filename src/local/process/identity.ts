import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process and the time of its start, because the system reuses process ids. */
export type ProcessIdentity = { pid: number; born: string };

/** Reads when a process was started, in the format of the system; empty when it does not exist. */
export function readBirth(pid: number): string {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may contain spaces, so the fields are counted after it: 3 is the
      // state, 22 the start time.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? '' : (fields[19] ?? '');
    } catch (error) {
      if (error instanceof Error && 'code' in error) return ''; // it has ended, or is ending
      throw error;
    }
  }
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

/** Whether exactly this process is still running. */
export function isSame({ pid, born }: ProcessIdentity): boolean {
  return born !== '' && readBirth(pid) === born;
}
